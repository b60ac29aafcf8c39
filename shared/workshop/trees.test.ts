import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./steps.ts";
import { ownerIn, pristineRoot, redirect, type TreeName } from "./trees.ts";

const from = (...path: readonly string[]): string => join(root, ...path);
const resolved = (
  tree: TreeName,
  source: string,
  importer: string,
  solved: readonly string[] = [],
) => redirect(source, importer, ownerIn(tree, new Set(solved)));

const test3 = from("steps", "03-event-store", "reading.test.ts");
const code3 = from("steps", "03-event-store", "event-store.ts");
const earlier = "../01-aggregate/reservation.ts";

describe("in the tree reference", () => {
  it("an import of the step is the solution", () => {
    expect(resolved("reference", "./event-store.ts", test3)).toBe(
      from("solutions", "03-event-store", "event-store.ts"),
    );
  });

  it("a package, a shared file and a solution stay where they are", () => {
    expect(resolved("reference", "pg", test3)).toBeUndefined();
    expect(resolved("reference", "../../shared/kernel/event.ts", test3)).toBeUndefined();
    expect(
      resolved("reference", "../../solutions/01-aggregate/reservation.ts", test3),
    ).toBeUndefined();
  });
});

describe("in the tree pristine", () => {
  const starter = join(pristineRoot, "steps", "03-event-store", "event-store.ts");

  it("the step itself is the starter", () => {
    expect(resolved("pristine", "./event-store.ts", test3)).toBe(starter);
  });

  it("an earlier step is the reference", () => {
    expect(resolved("pristine", earlier, starter)).toBe(
      from("solutions", "01-aggregate", "reservation.ts"),
    );
  });

  it("a starter reaches the shared files of the repository", () => {
    expect(resolved("pristine", "../../shared/kernel/event.ts", starter)).toBe(
      from("shared", "kernel", "event.ts"),
    );
  });
});

describe("in the tree learner", () => {
  it("the step itself is the learner's", () => {
    expect(resolved("learner", "./event-store.ts", test3)).toBe(code3);
  });

  it("an earlier step is the reference until it is solved", () => {
    expect(resolved("learner", earlier, code3)).toBe(
      from("solutions", "01-aggregate", "reservation.ts"),
    );
    expect(resolved("learner", earlier, code3, ["01-aggregate"])).toBe(
      from("steps", "01-aggregate", "reservation.ts"),
    );
  });
});
