import { describe, expect, it } from "vitest";
import type { Edit, Mistake } from "../mistakes/mistake.ts";
import { makeMistake } from "./mistake-files.ts";

const files = [
  { name: "stay.ts", text: "one two three two\n" },
  { name: "reservation.ts", text: "four five\n" },
];

function mistake(...edits: readonly Edit[]): Mistake {
  const costs = { whatItCostsInProduction: "Much." };
  return { id: "counts-wrong", title: "counts wrong", edits, caughtBy: ["a › b"], ...costs };
}

describe("a mistake", () => {
  it("is made in the files that its edits name, one edit after the other", () => {
    const made = makeMistake(
      mistake(
        { file: "stay.ts", find: "one", replace: "1" },
        { file: "stay.ts", find: "1 two", replace: "1 2" },
        { file: "reservation.ts", find: "four ", replace: "" },
      ),
      files,
    );
    expect(made).toEqual([
      { name: "stay.ts", before: "one two three two\n", after: "1 2 three two\n" },
      { name: "reservation.ts", before: "four five\n", after: "five\n" },
    ]);
  });

  it("takes a replacement as it is, with dollars and all", () => {
    const made = makeMistake(mistake({ file: "stay.ts", find: "one", replace: "$& $1" }), files);
    expect(made[0]?.after).toBe("$& $1 two three two\n");
  });

  it.each([
    ["its text is not there any more", { file: "stay.ts", find: "nine", replace: "9" }, "0 times"],
    ["its text is there twice", { file: "stay.ts", find: "two", replace: "2" }, "2 times"],
    ["its file is gone", { file: "gone.ts", find: "one", replace: "1" }, "has not got"],
    ["it changes nothing", { file: "stay.ts", find: "one", replace: "one" }, "by itself"],
  ])("is refused, and says why, where %s", (_why, edit, told) => {
    const error = { name: "MistakeDoesNotApply", message: expect.stringContaining(told) };
    expect(() => makeMistake(mistake(edit), files)).toThrow(expect.objectContaining(error));
  });
});
