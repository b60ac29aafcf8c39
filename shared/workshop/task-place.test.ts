import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tasksOf } from "./hints.ts";
import { startersOf } from "./starter.ts";
import { root as repository, steps } from "./steps.ts";
import { placeOfTask } from "./task-place.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "workshop-"));
  for (const { id } of steps) {
    cpSync(join(repository, "steps", id), join(root, "steps", id), { recursive: true });
    for (const { name, text } of startersOf(id)) {
      writeFileSync(join(root, "steps", id, name), text);
    }
  }
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the place of a task", () => {
  it("is the function that the README names, in the learner's own file", () => {
    expect(placeOfTask("01-aggregate", 1, "", root)).toMatch(
      /^steps\/01-aggregate\/stay\.ts:\d+, countNights$/,
    );
    expect(placeOfTask("03-event-store", 4, "", root)).toMatch(/event-store\.ts:\d+, readStream$/);
  });

  it("is the file where the task is no function, or the function is gone", () => {
    expect(placeOfTask("03-event-store", 1, "", root)).toBe("steps/03-event-store/schema.sql");
    writeFileSync(join(root, "steps", "01-aggregate", "stay.ts"), "export {};\n");
    expect(placeOfTask("01-aggregate", 1, "", root)).toBe("steps/01-aggregate/stay.ts");
  });

  it("is the function whose tests these are, where a task has two of them", () => {
    const title = "an answer with the read model's row";
    expect(placeOfTask("13-cqrs-demo", 8, title, root)).toMatch(/:\d+, withReservation$/);
    expect(placeOfTask("13-cqrs-demo", 8, "the answer to a command", root)).toMatch(
      /:\d+, answerTo$/,
    );
  });

  it("is known for each task of the workshop", () => {
    for (const { id } of steps) {
      for (const { number } of tasksOf(id)) {
        expect(placeOfTask(id, number, "", root), `${id}, task ${number}`).toMatch(/^steps\//);
      }
    }
  });
});
