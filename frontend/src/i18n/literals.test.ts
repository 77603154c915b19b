/** Finds texts for people that stand outside of the catalogue, and texts of the catalogue that nothing shows. */
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { EN } from "./en";

/** Names, and texts that are English by their nature: what has to be translated does not belong here. */
const ALLOWED = new Set([
  "LoRA Studio",
  "LoRA",
  "API",
  "GPU",
  "A1111",
  "SHA-256",
  "python -m server create-operator --email you@example.org",
  "%s · LoRA Studio",
  "/metrics",
  "px",
  "ms",
]);
/** Files without texts of the page: the document around it, example prompts, test data, parsers of other tools' texts. */
const WITHOUT =
  /\.test\.tsx?$|test-data|\/i18n\/(en|de|zh)\/|api\/schema\.ts|app\/layout\.tsx|create\/examples\.ts|settings\/infotext/;
/** Attributes and properties that are shown or read out. */
const SHOWN =
  /^(alt|aria-label|aria-description|aria-roledescription|aria-valuetext|caption|description|face|hint|label|legend|note|panelLabel|placeholder|submit|text|tip|title|valueText|words)$/;
const TRANSLATES = /^(t|tRich|tCount|tName|tNumber|tItems|locale)$/;
/** Calls whose texts are keys: of the catalogue, of what other tools write into files. */
const TAKES_KEYS = /^(t|tRich|tCount|tName|field|wholeField)$/;
const LETTERS = /\p{L}{2}/u;
/** A sentence, or the start of one. */
const SENTENCE = /^[\p{Lu}“][\p{Ll}’']* .|^[\p{Lu}].*[.…?!]$/u;

const catalogue = new Set<string>(Object.values(EN).flat(2));
const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((name) => `src/${name}`)
  .filter((file) => /\.tsx?$/.test(file) && !WITHOUT.test(file));
const sources = files.map((file) => {
  const kind = file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true, kind);
});

function literalsOf(source: ts.SourceFile, found: (node: ts.Node, text: string, isShown: boolean) => void): void {
  const visit = (node: ts.Node, isShown: boolean): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    if (ts.isCallExpression(node) && TAKES_KEYS.test(node.expression.getText())) {
      for (const argument of node.arguments) skipTexts(argument);
      return;
    }
    if (ts.isJsxText(node)) found(node, node.text.trim(), true);
    else if (ts.isStringLiteralLike(node)) found(node, node.text, isShown);
    else if (ts.isTemplateExpression(node))
      for (const part of [node.head, ...node.templateSpans.map(({ literal }) => literal)])
        found(node, part.text.trim(), isShown);
    const isNamed = ts.isJsxAttribute(node) || ts.isPropertyAssignment(node);
    const name = isNamed ? node.name.getText().replaceAll('"', "") : null;
    const isChildShown = name === null ? keepsShown(node) && isShown : SHOWN.test(name);
    ts.forEachChild(node, (child) => {
      if (!isNamed || child !== node.name) visit(child, isChildShown);
    });
  };
  /** Of a call's arguments: not the texts, but what fills them in. */
  const skipTexts = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) visit(node, false);
  };
  visit(source, false);
}

/** The parts of an expression that are its value: `isOn ? "On" : "Off"`. */
function keepsShown(node: ts.Node): boolean {
  return (
    ts.isJsxExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isConditionalExpression(node) ||
    ts.isTemplateExpression(node) ||
    ts.isTemplateSpan(node)
  );
}

test("texts for people are in the catalogue", () => {
  const wrong: string[] = [];
  for (const source of sources)
    literalsOf(source, (node, text, isShown) => {
      if (!LETTERS.test(text) || ALLOWED.has(text)) return;
      const isKnown = catalogue.has(text) && !ts.isJsxText(node);
      if (isKnown || !(isShown || SENTENCE.test(text))) return;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      wrong.push(`${source.fileName}:${line + 1}: ${text}`);
    });
  expect(wrong).toEqual([]);
});

test("no text is translated where a module is loaded: the language is not known there", () => {
  const early: string[] = [];
  for (const source of sources) {
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node)) return;
      if (ts.isCallExpression(node) && TRANSLATES.test(node.expression.getText()))
        early.push(`${source.fileName}: ${node.getText()}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  expect(early).toEqual([]);
});

test("every text of the catalogue stands in the code or is a name that the server gives", () => {
  const code = sources.map(({ text }) => text).join("\n");
  const isThere = (text: string) =>
    [`"${text}"`, JSON.stringify(text), `'${text}'`, ` ${text}:`].some((each) => code.includes(each));
  expect([...catalogue].filter((text) => !isThere(text) && !FROM_SERVER.has(text))).toEqual([]);
});

/** Shapes, styles, qualities and states: the server gives them in English, the page knows what they are called. */
const FROM_SERVER = new Set(
  [
    "Square, Portrait, Landscape, Photographic, Cinematic, Watercolor, Anime, Line art, Sketch, Monochrome, Pixel art, Foggy",
    "Low, Medium, High, low, medium, high, waiting, queued, processing, running, completed, failed, cancelled, refused",
    "flagged, blurred, Guidance start, Guidance end, New password",
  ].flatMap((names) => names.split(", ")),
);
