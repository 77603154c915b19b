/** The API's own shapes, by the names that its OpenAPI gives them. Generated: `npm run types`. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** The request of one job. An absent field means the server's default. */
export type GenerateRequest = Schemas["GenerateRequest"];
/** What made a job's pictures. */
export type Metadata = Schemas["Metadata"];
export type Accepted = Schemas["Accepted"];
export type JobState = Schemas["JobState"];
export type Output = Schemas["Output"];
export type Result = Schemas["Result"];
/** A picture that moderation blocked. */
export type Blocked = Schemas["Blocked"];
export type ComparisonAxes = Schemas["ComparisonAxes"];
export type Options = Schemas["Options"];
export type LoraOption = Schemas["LoraOption"];
export type StyleOption = Schemas["StyleOption"];
export type Status = JobState["status"];
export type Me = Schemas["Me"];
export type User = Schemas["User"];
export type Key = Schemas["Key"];
export type NewKey = Schemas["NewKey"];
export type Scope = Key["scopes"][number];
export type HistoryItem = Schemas["HistoryItem"];
export type KeptImage = Schemas["KeptImage"];
export type Reloaded = Schemas["Reloaded"];
export type LoraDetail = Schemas["LoraDetail"];
export type OperatorQueue = Schemas["OperatorQueue"];
export type QueuedJob = Schemas["QueuedJob"];
export type Worker = Schemas["Worker"];
export type OperatorUser = Schemas["OperatorUser"];
export type OverviewReport = Schemas["OverviewReport"];
export type OverviewFigures = Schemas["OverviewFigures"];
export type OverviewDay = Schemas["OverviewDay"];
export type OverviewLora = Schemas["OverviewLora"];
export type OverviewFailure = Schemas["OverviewFailure"];
/** A picture that waits for the operator's review. */
export type MarkedPicture = Schemas["MarkedPicture"];
export type Usage = Schemas["Usage"];
export type LimitsLeft = Schemas["LimitsLeft"];
export type Limit = Schemas["LimitLeft"];
export type HistoryItems = Schemas["HistoryItems"];
export type AcceptedBatch = Schemas["AcceptedBatch"];
export type Batch = Schemas["Batch"];
export type BatchLine = Schemas["BatchLine"];
export type Credit = Schemas["Credit"];
export type CreditEntry = Schemas["Entry"];
export type Share = Schemas["Share"];
export type OfferedPicture = Schemas["OfferedPicture"];
/** A picture that the visitor has sent. */
export type Asset = Schemas["StoredAsset"];
