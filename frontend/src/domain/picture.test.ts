import { expect, it } from "vitest";
import { makeJob, makeOutput } from "./made.test-data";
import { findPicture, numWanted, pictureName, picturesOf, settingsOf, variationsOf, zipAddress } from "./picture";

const request = { prompt: "a cat", num_images: 4, quality: "high" as const, seed: 7, steps: 12, model_name: null };

it("one picture's settings make that picture again, alone", () => {
  const job = makeJob({ request });
  expect(settingsOf({ job, output: makeOutput(2) })).toEqual({ ...request, seed: 9, num_images: 1 });
});

it("variations keep everything but the seed", () => {
  const { seed: _seed, ...rest } = request;
  expect(variationsOf(makeJob({ request }))).toEqual(rest);
});

it("settings and variations keep the versions of LoRAs that made the picture", () => {
  const asked = { ...request, model_name: "jade", loras: [{ name: "amber", weight: 0.4 }] };
  const metadata = {
    model: "jade-v1",
    loras: [
      { name: "jade-v1", weight: 0.9, sha256: "00" },
      { name: "amber-v2", weight: 0.4, sha256: "11" },
    ],
  };
  const exact = { model_name: "jade-v1", model_weight: 0.9, loras: [{ name: "amber-v2", weight: 0.4 }] };
  const job = makeJob({ request: asked, metadata });
  expect(settingsOf({ job, output: makeOutput(0) })).toMatchObject(exact);
  expect(variationsOf(job)).toMatchObject(exact);
});

it("settings and variations name a LoRA of the prompt once", () => {
  const asked = {
    ...request,
    prompt: "a cat, <LoRA:jade:0.5> snow <lora:amber>",
    model_name: "jade",
    model_weight: 0.4,
  };
  const loras = [
    { name: "jade-v1", weight: 0.9 },
    { name: "amber-v2", weight: 0.8 },
  ];
  const job = makeJob({ request: asked, metadata: { model: "jade-v1", prompt: asked.prompt, loras } });
  const exact = { prompt: "a cat, snow", model_name: "jade-v1", model_weight: 0.9, loras: [loras[1]] };
  expect(settingsOf({ job, output: makeOutput(0) })).toMatchObject(exact);
  expect(variationsOf(job)).toMatchObject(exact);
  expect(variationsOf(makeJob({ request: asked, metadata: null })).prompt).toBe(asked.prompt); // not told yet
});

it("settings of the plain base model name none, with further LoRAs too", () => {
  const metadata = { model: "base", loras: [{ name: "amber-v2", weight: 0.4, sha256: "11" }] };
  const job = makeJob({ request: { prompt: "a cat", model_weight: 0.7 }, metadata });
  const exact = { model_name: null, model_weight: undefined, loras: [{ name: "amber-v2", weight: 0.4 }] };
  expect(settingsOf({ job, output: makeOutput(0) })).toMatchObject(exact);
});

it("lists pictures newest job first and finds them by id", () => {
  const jobs = [
    makeJob({ id: "b", outputs: [makeOutput(0, { id: "b-1" })] }),
    makeJob({ id: "a", outputs: [makeOutput(0, { id: "a-1" }), makeOutput(3, { id: "a-4" })] }),
  ];
  expect(picturesOf(jobs).map(({ output }) => output.id)).toEqual(["b-1", "a-1", "a-4"]);
  expect(findPicture(jobs, "a-4")?.job.id).toBe("a");
  expect(findPicture(jobs, "c-1")).toBeNull();
});

it("names a picture by its place and what was asked, cut short", () => {
  expect(pictureName({ job: makeJob(), output: makeOutput(1) })).toBe("Picture 2 of 4: jade woman, red dress");
  const long = makeJob({ request: { ...request, prompt: "x".repeat(2000) } });
  expect(pictureName({ job: long, output: makeOutput(0) }).length).toBeLessThan(170);
});

it("counts places before the server has said how many", () => {
  expect(numWanted(makeJob({ state: null, request: { ...request, num_images: 2 } }))).toBe(2);
});

it("a job's zip is beside its other addresses", () => expect(zipAddress(makeJob())).toBe("/api/jobs/job/zip"));
