import { expect, it } from "vitest";
import { makeImage, makeJob, someMetadata } from "./examples";
import { findPicture, numWanted, pictureName, picturesOf, settingsOf, variationsOf, zipAddress } from "./picture";

const request = { prompt: "a cat", num_images: 4, quality: "high" as const, seed: 7, steps: 12, model_name: null };

it("one picture's settings make that picture again, alone", () => {
  const job = makeJob({ request });
  expect(settingsOf({ job, output: makeImage(2) }, undefined)).toEqual({ ...request, seed: 9, num_images: 1 });
});

it("variations keep everything but the seed", () => {
  const { seed: _seed, ...rest } = request;
  expect(variationsOf(makeJob({ request }), undefined)).toEqual(rest);
});

it("settings and variations keep the versions of LoRAs that made the picture", () => {
  const asked = { ...request, model_name: "jade", loras: [{ name: "amber", weight: 0.4 }] };
  const metadata = someMetadata({
    model: "jade-v1",
    loras: [
      { name: "jade-v1", weight: 0.9, sha256: "00" },
      { name: "amber-v2", weight: 0.4, sha256: "11" },
    ],
  });
  const exact = { model_name: "jade-v1", model_weight: 0.9, loras: [{ name: "amber-v2", weight: 0.4 }] };
  const job = makeJob({ request: asked, metadata });
  expect(settingsOf({ job, output: makeImage(0) }, undefined)).toMatchObject(exact);
  expect(variationsOf(job, undefined)).toMatchObject(exact);
});

it("settings and variations name a LoRA of the prompt once", () => {
  const asked = {
    ...request,
    prompt: "a cat, <LoRA:jade:0.5> snow <lora:amber>",
    model_name: "jade",
    model_weight: 0.4,
  };
  const loras = [
    { name: "jade-v1", weight: 0.9, sha256: "00" },
    { name: "amber-v2", weight: 0.8, sha256: "11" },
  ];
  const metadata = someMetadata({ model: "jade-v1", prompt: asked.prompt, loras });
  const job = makeJob({ request: asked, metadata });
  const amber = { name: "amber-v2", weight: 0.8 };
  const exact = { prompt: "a cat, snow", model_name: "jade-v1", model_weight: 0.9, loras: [amber] };
  expect(settingsOf({ job, output: makeImage(0) }, undefined)).toMatchObject(exact);
  expect(variationsOf(job, undefined)).toMatchObject(exact);
  expect(variationsOf(makeJob({ request: asked }), undefined).prompt).toBe(asked.prompt); // not known yet
});

it("settings of the plain base model name none, with further LoRAs too", () => {
  const metadata = someMetadata({ loras: [{ name: "amber-v2", weight: 0.4, sha256: "11" }] });
  const job = makeJob({ request: { prompt: "a cat", model_weight: 0.7 }, metadata });
  const settings = settingsOf({ job, output: makeImage(0) }, undefined);
  expect(settings).toMatchObject({ model_name: null, loras: [{ name: "amber-v2", weight: 0.4 }] });
  expect(settings.model_weight).toBeUndefined();
});

it("lists pictures newest job first and finds them by id", () => {
  const jobs = [
    makeJob({ id: "b", outputs: [makeImage(0, { id: "b-1" })] }),
    makeJob({ id: "a", outputs: [makeImage(0, { id: "a-1" }), makeImage(3, { id: "a-4" })] }),
  ];
  expect(picturesOf(jobs).map(({ output }) => output.id)).toEqual(["b-1", "a-1", "a-4"]);
  expect(findPicture(jobs, "a-4")?.job.id).toBe("a");
  expect(findPicture(jobs, "c-1")).toBeNull();
});

it("names a picture by its place and what was asked, cut short", () => {
  expect(pictureName({ job: makeJob(), output: makeImage(1) })).toBe("Picture 2 of 4: jade woman, red dress");
  const long = makeJob({ request: { ...request, prompt: "x".repeat(2000) } });
  expect(pictureName({ job: long, output: makeImage(0) }).length).toBeLessThan(170);
});

it("counts places before the server has said how many", () => {
  expect(numWanted(makeJob({ state: null, request: { ...request, num_images: 2 } }))).toBe(2);
});

it("a job's zip is beside its other addresses", () => expect(zipAddress(makeJob())).toBe("/api/jobs/job/zip"));

it("settings and variations keep the guidance interval, and leave defaults to the server", () => {
  const metadata = someMetadata({ guidance_start: 0.2, guidance_end: 0.7, num_images: 2, seed: 5 });
  const job = makeJob({ metadata });
  const interval = { guidance_start: 0.2, guidance_end: 0.7 };
  expect(settingsOf({ job, output: makeImage(1) }, undefined)).toMatchObject({ ...interval, seed: 8, num_images: 1 });
  expect(variationsOf(job, undefined)).toMatchObject({ ...interval, num_images: 2 });
  expect(variationsOf(job, undefined).seed).toBeUndefined();
});
