/** Simplified Chinese, by feature. */
import type { Texts } from "../catalogue";
import { account } from "./account";
import { batches } from "./batches";
import { common } from "./common";
import { compare } from "./compare";
import { create } from "./create";
import { edit } from "./edit";
import { history } from "./history";
import { operator } from "./operator";
import { overview } from "./overview";
import { pictures } from "./pictures";
import { results } from "./results";
import { settings } from "./settings";
import { usage } from "./usage";

export const zh: Texts = {
  ...account,
  ...batches,
  ...common,
  ...compare,
  ...create,
  ...edit,
  ...history,
  ...operator,
  ...overview,
  ...pictures,
  ...results,
  ...settings,
  ...usage,
};
