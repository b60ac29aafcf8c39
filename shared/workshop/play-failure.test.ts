import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InfrastructureMissing } from "../infrastructure/ladder.ts";
import { NotImplemented } from "../kernel/not-implemented.ts";
import { toldOfEnd, toldOfFailure } from "./play-failure.ts";

const step = { number: 1, id: "01-aggregate", needs: [] };
const root = join("/home", "zoë", "my workshop");
const file = (name: string): string => join(root, "steps", "01-aggregate", name);

/** As Node has it: the innermost place first. */
function thrown(message: string, ...places: readonly string[]): Error {
  const error = new TypeError(message);
  const lines = places.map((place) => `    at decide (${place})`);
  error.stack = [`TypeError: ${message}`, ...lines].join("\n");
  return error;
}

describe("a play that stops", () => {
  it("names the line in the learner's file, not the one that called it", () => {
    const error = thrown(
      "no nights",
      `${file("stay.ts")}:15:9`,
      `${file("reservation.ts")}:57:5`,
      `${file("play.ts")}:40:19`,
      "node:internal/modules/esm/module_job:325:25",
    );
    expect(toldOfFailure(step, error, root).split("\n")).toEqual([
      "CRASHED  the play of 01-aggregate",
      "  what    TypeError: no nights",
      "  where   steps/01-aggregate/stay.ts:15",
      "  next    npm test 1 finds the first thing that is wrong",
    ]);
  });

  it("names the file that does not parse", () => {
    const error = thrown(`Transform failed\n${file("stay.ts")}:2:0: ERROR: Expected identifier`);
    expect(toldOfFailure(step, error, root).split("\n").slice(1, 4)).toEqual([
      "  what    TypeError: Transform failed",
      "          steps/01-aggregate/stay.ts:2:0: ERROR: Expected identifier",
      "  where   steps/01-aggregate/stay.ts:2",
    ]);
  });

  it("says what is not written yet, also where that is the cause of something else", () => {
    const error = new Error("the race failed", { cause: new NotImplemented("decide") });
    expect(toldOfFailure(step, error, root)).toMatch(/^decide is not written yet\. The play runs/);
  });

  it("says which server is missing", () => {
    const told = toldOfFailure(step, new InfrastructureMissing("postgres", "No PostgreSQL."), root);
    expect(told).toBe("No PostgreSQL.\nnpm run doctor says what to do.");
  });

  it("copes with what is no error, and with an end before the end", () => {
    expect(toldOfFailure(step, "thrown text", root)).toContain("  what    thrown text\n  next ");
    expect(toldOfEnd(step, "process.exit(0) was called")).toMatch(
      /did not come to its end\n.*what/,
    );
  });
});
