// lists candidate texts
import ts from "typescript";
import { readFileSync } from "node:fs";
import { execSync } from "node:child_process";
const files = process.argv.slice(2).length ? process.argv.slice(2) : execSync("git ls-files 'src/*.ts' 'src/*.tsx'").toString().trim().split("\n").filter(f => !/test\.|schema\.ts|test-data/.test(f));
const SKIP_ATTR = /^(className|key|href|type|id|name|role|rel|target|method|autoComplete|inputMode|d|viewBox|fill|stroke.*|data-.*|htmlFor|side|align|variant|size|width|height|accept|look|as|strokeLinecap|strokeLinejoin|aria-live|aria-hidden|aria-haspopup|aria-current|mode|enterKeyHint|spellCheck|autoCapitalize|sizes|decoding|loading|fetchPriority|action|kind|tone|wrap|position|asChild|transform|preserveAspectRatio|aria-labelledby|aria-describedby|form|pattern|lang|attribute|defaultTheme)$/;
let n = 0;
for (const f of files) {
  const src = readFileSync(f, "utf8");
  const sf = ts.createSourceFile(f, src, ts.ScriptTarget.Latest, true, f.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  const out = [];
  const add = (node, kind, text) => { n++; const { line } = sf.getLineAndCharacterOfPosition(node.getStart()); out.push([line + 1, kind, text]); };
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isExportDeclaration(node)) return;
    if (ts.isJsxText(node)) { const t = node.text.replace(/\s+/g, " ").trim(); if (/[A-Za-z]/.test(t)) add(node, "JSX", t); return; }
    if (ts.isJsxAttribute(node) && SKIP_ATTR.test(node.name.getText())) { if (/^(name|side|kind|size|mode)$/.test("x")) ; return; }
    if (ts.isCallExpression(node) && /^(cn|clsx|import|cva)$/.test(node.expression.getText())) return;
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      const t = node.text;
      if (/[A-Za-z]{2}/.test(t) && (/^[A-Z]/.test(t) || /[a-z] [a-z]/i.test(t) || /…/.test(t) || ts.isJsxAttribute(node.parent) || (ts.isJsxExpression(node.parent)))) {
        let p = node.parent; let isEl = false;
        if (ts.isElementAccessExpression(p) || ts.isLiteralTypeNode(p)) return;
        if (t === "use client") return;
        add(node, ts.isJsxAttribute(p) ? "@" + p.name.getText() : "str", t);
      }
      return;
    }
    if (ts.isTemplateExpression(node)) { add(node, "tpl", node.getText().replace(/\s+/g, " ")); }
    ts.forEachChild(node, visit);
  };
  visit(sf);
  if (out.length) { console.log("== " + f.replace("src/", "")); for (const o of out) console.log(o.join("\t")); }
}
console.error(n);
