/** The addresses of this site's pages, and how `PARSERS` read them. */
import { createLoader, createSerializer } from "nuqs";
import { addressOf, type Settings, settingsOfAddress } from "@/settings/settings";
import { PARSERS } from "./parsers";

const createQuery = createSerializer(PARSERS.create);
const loadCreate = createLoader(PARSERS.create);
const compareQuery = createSerializer(PARSERS.compare);
const batchQuery = createSerializer(PARSERS.batches);
const accountQuery = createSerializer(PARSERS.account);

/** What `PARSERS.account` read. */
export interface AccountParts {
  readonly next: string | null;
  readonly invite: string | null;
}

/** The create page with these settings in its form. */
export function createAddress(settings: Settings): string {
  return createQuery("/", addressOf(settings));
}

/** The settings that the query of a create page holds; values that no server accepts are left out. */
export function settingsInQuery(query: string): Settings {
  return settingsOfAddress(loadCreate(new URLSearchParams(query)));
}

export function comparisonAddress(jobId: string): string {
  return compareQuery("/compare/", { job: jobId });
}

export function batchAddress(batchId: string): string {
  return batchQuery("/batches/", { batch: batchId });
}

/** The page to log in or to register, with what its address holds. */
export function accountAddress(path: "/login/" | "/register/", held: AccountParts): string {
  return accountQuery(path, held);
}
