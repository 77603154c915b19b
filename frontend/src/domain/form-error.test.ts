import { expect, it } from "vitest";
import { Refused } from "@/api/client";
import { formErrorOf } from "./form-error";

it("says that a limit is reached, and that an account has others", () => {
  const refused = new Refused(429, "limit-reached", "10 jobs an hour are allowed; try again in 348 s", [], 348);
  expect(formErrorOf(refused)).toEqual({
    title: "You have reached a limit.",
    details: ["10 jobs an hour are allowed.", "Your prompt is kept."],
    retryAfterS: 348,
    fields: [],
    isForVisitors: true,
  });
});

it("tells a full queue from a server that is not ready", () => {
  const full = formErrorOf(new Refused(503, "queue-full", "500 jobs wait already; try again in 12 s", [], 12));
  expect([full.title, full.retryAfterS]).toEqual(["The queue is full right now.", 12]);
  expect(formErrorOf(new Refused(503, "not-ready", "the model is being loaded")).title).toBe(
    "The model is being loaded.",
  );
});

it("names the fields that cannot be made", () => {
  const fields = [{ field: "width", detail: "512 is too much", allowed: "up to 384" }];
  const error = formErrorOf(new Refused(400, "invalid-request", "no", fields));
  expect(error.fields).toEqual(["width"]);
  expect(error.details).toEqual(["Width: 512 is too much. Allowed: up to 384."]);
});
