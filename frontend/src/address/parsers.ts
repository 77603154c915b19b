/** The address's query, page by page: what a link or a reload brings back. One table for nuqs. */
import { createParser, parseAsString, parseAsStringLiteral } from "nuqs";
import { SETTINGS_PARSERS } from "@/settings/settings";
import { sitePath } from "./way-back";

const MAX_SEARCH_CHARACTERS = 200;

export const OPERATOR_TABS = ["overview", "loras", "queue", "server", "users", "gallery", "moderation"] as const;
export type OperatorTab = (typeof OPERATOR_TABS)[number];

const parseAsSearch = createParser({
  parse: (text) => text.slice(0, MAX_SEARCH_CHARACTERS),
  serialize: (text) => text.trim(),
}).withDefault("");

const parseAsPath = createParser({ parse: sitePath, serialize: String });

const parseAsTrue = createParser({ parse: (text) => text === "true", serialize: String }).withDefault(false);

export const PARSERS = {
  create: SETTINGS_PARSERS,
  history: { q: parseAsSearch, lora: parseAsSearch, favorites: parseAsTrue, collection: parseAsSearch },
  compare: { job: parseAsString.withOptions({ history: "push", scroll: true }) },
  batches: { batch: parseAsString.withOptions({ history: "push", scroll: true }) },
  operator: { tab: parseAsStringLiteral(OPERATOR_TABS).withDefault("overview").withOptions({ history: "push" }) },
  /** `next`: where to go after logging in. */
  account: { next: parseAsPath, invite: parseAsString, token: parseAsString },
};
