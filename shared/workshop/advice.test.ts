import { describe, expect, it } from "vitest";
import { adviceOn } from "./advice.ts";

describe("advice on an error", () => {
  it.each([
    ["Cannot assign to read only property 'status' of object", /Values are frozen/],
    ["Cannot add property 3, object is not extensible", /Values are frozen/],
    ["Maximum call stack size exceeded", /calls itself/],
    ['process.exit unexpectedly called with "1"', /Throw an error instead/],
    ["Cannot read properties of undefined (reading 'version')", /before the dot/],
    ["timeout exceeded when trying to connect", /give its connection back/],
    ["Worker exited unexpectedly", /ended in the middle/],
  ])("says what %s means", (message, advice) => {
    const chain = [
      { name: "Error", message: "around it" },
      { name: "Error", message },
    ];
    expect(adviceOn("crashed", chain, false)).toMatch(advice);
  });

  it("names the function that a test does not find", () => {
    const chain = [{ name: "TypeError", message: "countNights is not a function" }];
    expect(adviceOn("crashed", chain, true)).toMatch(/countNights by this name/);
    expect(adviceOn("crashed", chain, false)).toBeUndefined();
  });

  it("keeps quiet where nothing crashed", () => {
    const chain = [{ name: "AssertionError", message: "Cannot add property 3" }];
    expect(adviceOn("wrong", chain, false)).toBeUndefined();
  });
});
