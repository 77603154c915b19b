/** The English texts by feature: the keys of the other languages. A pair is for one and for other numbers. Only types and tests
 * read these lists; the page has its English texts where they are shown. */
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

export const EN = {
  common,
  create,
  results,
  settings,
  pictures,
  edit,
  history,
  batches,
  compare,
  account,
  usage,
  operator,
  overview,
} as const;
