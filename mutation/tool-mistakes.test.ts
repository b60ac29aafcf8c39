import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../shared/workshop/steps.ts";
import { toolMistakes } from "./tool-mistakes.ts";
import { faultInMaking } from "./wrong-tool.ts";

it("each mistake of a tool can still be made, and the test that catches it is there", () => {
  const faults = toolMistakes.flatMap((mistake) => {
    const text = readFileSync(join(root, mistake.file), "utf8");
    const isThere = existsSync(join(root, mistake.caughtBy));
    return faultInMaking(mistake, text) ?? (isThere ? [] : `${mistake.caughtBy} is not there.`);
  });
  expect(faults).toEqual([]);
});

it("a mistake that cannot be made any more is told, and so is one that does not parse", () => {
  const mistake = { title: "", file: "tool.ts", find: "a", replace: "b", caughtBy: "" };
  expect(faultInMaking(mistake, "c;")).toBe("tool.ts holds what is looked for 0 times.");
  expect(faultInMaking(mistake, "a; a;")).toBe("tool.ts holds what is looked for 2 times.");
  expect(faultInMaking({ ...mistake, replace: "(" }, "a;")).toMatch(/does not parse/);
  expect(faultInMaking(mistake, "a;")).toBeUndefined();
});
