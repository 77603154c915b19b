import { describe, expect, it } from "vitest";
import { promptsOf, sourceOfFile, sourceOfPrompts } from "./source";

describe("the source of a batch", () => {
  it("takes a prompt a line and skips blank lines", () => {
    expect(promptsOf(" red dress \r\n\n\nblue, {a}\n")).toEqual(["red dress", "blue, {a}"]);
  });

  it("gives every prompt the settings of all", async () => {
    const source = sourceOfPrompts(["red", "blue"], { prompt: "ignored", steps: 5 });
    expect(JSON.parse(await source.body.text())).toEqual([
      { prompt: "red", steps: 5 },
      { prompt: "blue", steps: 5 },
    ]);
  });

  it("names a file's type by its ending, for browsers call CSV files many things", () => {
    const source = sourceOfFile(
      new File(["prompt\nred\n"], "summer.prompts.CSV", { type: "application/vnd.ms-excel" }),
    );
    expect([source?.body.type, source?.name]).toEqual(["text/csv", "summer.prompts"]);
    expect(sourceOfFile(new File(["red"], "prompts.txt"))).toBeNull();
  });
});
