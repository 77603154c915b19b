import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, expect, test, vi } from "vitest";
import { dateWords } from "@/lib/words/dates";
import { dollars } from "@/lib/words/money";
import { pictures } from "@/lib/words/quantities";
import { firstLanguage } from "./first-language";
import { chooseLanguage } from "./language";
import { t, tCount, tName, tRich } from "./t";

afterEach(async () => {
  vi.unstubAllGlobals();
  await chooseLanguage("en");
});

test("English stands in the code; names are filled in, numbers as the language writes them", async () => {
  expect(t("At most {count} at a time", { count: 1200 })).toBe("At most 1,200 at a time");
  await chooseLanguage("de");
  expect(t("At most {count} at a time", { count: 1200 })).toBe("Höchstens 1.200 auf einmal");
  await chooseLanguage("zh");
  expect(t("At most {count} at a time", { count: 1200 })).toBe("每次最多 1,200 张");
});

test("a number picks its form", async () => {
  const ready = (count: number) => tCount(count, "1 picture ready", "{count} pictures ready");
  expect([ready(0), ready(1), ready(2)]).toEqual(["0 pictures ready", "1 picture ready", "2 pictures ready"]);
  await chooseLanguage("de");
  expect([ready(0), ready(1), ready(2)]).toEqual(["0 Bilder fertig", "1 Bild fertig", "2 Bilder fertig"]);
  await chooseLanguage("zh");
  expect([ready(1), ready(2)]).toEqual(["1 张图片已完成", "2 张图片已完成"]);
});

test("an element takes the place of a name", async () => {
  await chooseLanguage("de");
  const sentence = <>{tRich("You are logged in as {email}.", { email: <b>a@b.c</b> })}</>;
  expect(renderToStaticMarkup(sentence)).toBe("Angemeldet als <b>a@b.c</b>.");
});

test("a name that no catalogue has stays as the server gave it", async () => {
  await chooseLanguage("de");
  expect([tName("Square"), tName("jade-v1")]).toEqual(["Quadrat", "jade-v1"]);
});

test("counts, dates and amounts follow the language", async () => {
  await chooseLanguage("de");
  expect(pictures(1200)).toBe("1.200 Bilder");
  expect(dateWords("2026-11-22T12:00:00Z")).toBe("22. Nov. 2026");
  expect(dollars(1_500_000)).toBe("1,50\u00a0$");
  await chooseLanguage("zh");
  expect(dateWords("2026-11-22T12:00:00Z")).toBe("2026年11月22日");
  expect(dollars(1_500_000)).toBe("$1.50");
});

test.each([
  [["de-AT", "en"], null, "de"],
  [["fr", "zh-TW", "de"], null, "zh"],
  [["fr", "es"], null, "en"],
  [["de"], "en", "en"],
  [["de"], "nonsense", "de"],
])("a browser of %j that has chosen %j begins with %s", (languages, chosen, first) => {
  vi.stubGlobal("navigator", { languages });
  vi.stubGlobal("localStorage", { getItem: () => chosen });
  expect(firstLanguage()).toBe(first);
});

test("a browser that forbids storage begins with its own language", () => {
  vi.stubGlobal("navigator", { languages: ["de"] });
  vi.stubGlobal("localStorage", {
    getItem() {
      throw new Error("forbidden");
    },
  });
  expect(firstLanguage()).toBe("de");
});
