import { describe, expect, it } from "vitest";
import { editsOf } from "../../mistakes/mistake.ts";
import { startersOf } from "../starter.ts";
import { steps } from "../steps.ts";
import { halfSolved, mistakeIn, solved, withSolved, wronglySolved } from "./answers.ts";
import { lessons } from "./lessons.ts";

describe("the robot's lessons", () => {
  it("are one for each step, in order", () => {
    expect(lessons.map(({ id }) => id)).toEqual(steps.map(({ id }) => id));
  });

  it.each(lessons)("$id: half of the answer is neither the starter nor the reference", (lesson) => {
    const changed = halfSolved(lesson).filter(
      ({ name, text }) => text !== starter(lesson.id, name),
    );
    expect(changed.map(({ name }) => name)).toEqual([lesson.firstTask.file]);
    const open = halfSolved(lesson).filter(({ text }) => text.includes("new NotImplemented("));
    expect(open.map(({ name }) => name)).toContain(lesson.firstTask.next.file);
  });

  it.each(lessons)(
    "$id: the wrong answer differs from the reference where its mistake is made",
    (lesson) => {
      const reference = solved(lesson.id);
      const changed = wronglySolved(lesson).filter(
        (file, index) => file.text !== reference[index]?.text,
      );
      expect(changed.map(({ name }) => name)).toEqual([
        ...new Set(editsOf(mistakeIn(lesson)).map(({ file }) => file)),
      ]);
    },
  );
});

describe("a reference in which some regions are solved", () => {
  it("keeps the marks of the others", () => {
    const source = `const a = 1;
  // BEGIN SOLUTION: do
  // this
  first();
  // END SOLUTION
  // BEGIN SOLUTION: and that
  second();
  // END SOLUTION
`;
    expect(withSolved(source, [0])).toBe(`const a = 1;
  first();
  // BEGIN SOLUTION: and that
  second();
  // END SOLUTION
`);
    expect(withSolved(source, [0, 1])).toBe("const a = 1;\n  first();\n  second();\n");
  });
});

function starter(id: string, file: string): string | undefined {
  return startersOf(id).find(({ name }) => name === file)?.text;
}
