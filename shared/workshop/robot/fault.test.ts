import { describe, expect, it } from "vitest";
import { expectSaid, Fault } from "./fault.ts";

const said = (output: string, code = 0) => ({ command: "npm test 1", code, output });

describe("what the robot expects of a command", () => {
  it("is found in whatever lines and columns", () => {
    const output = "WRONG  a stay › has\n       two nights\n  next    npm run hint 1\n";
    const says = ["WRONG a stay › has two nights", "npm run hint 1", /nights next/];
    expect(expectSaid(said(output, 1), { code: 1, says, not: ["CRASHED"] }).output).toBe(output);
  });

  it.each([
    ["another exit code", said("all is well", 1), "exit code 0, not 1"],
    ["words that are missing", said("all is bad"), 'it says "well"'],
    ["words that should not be there", said("well, CRASHED"), 'it does not say "CRASHED"'],
    ["a stack trace", said("well\n    at decide (/a b/stay.ts:15:9)\n"), "there is no stack trace"],
    ["Node's own farewell", said("well\n\nNode.js v20.20.2\n"), "there is no stack trace"],
  ])("is not met by %s", (_, what, expected) => {
    const fault = thrownBy(() => expectSaid(what, { code: 0, says: ["well"], not: ["CRASHED"] }));
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ message: expected, said: what });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
