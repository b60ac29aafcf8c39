import { describe, expect, it } from "vitest";
import { placeIn } from "./place.ts";

const source = `const limit = 1;
export function load(): void {
  const bound = (x: number) => x + 1;
  function within(): string {
    return "none" + "none";
  }
}
`;

describe("the place of a mutant", () => {
  it("is the innermost function or constant around it that has a name", () => {
    expect(at('"none"')).toMatchObject({ in: "within", mutated: '"none"', nth: 1 });
    expect(at("x + 1")).toMatchObject({ in: "bound" });
    expect(at("1;", 1)).toMatchObject({ in: "limit", mutated: "1" });
  });

  it("is counted among those that look the same in there", () => {
    const place = placeIn(source);
    const [first, second] = [source.indexOf('"none"'), source.lastIndexOf('"none"')];
    const numbers = [first, second].map((from) => place(...range(from, 6), '""').nth);
    expect(numbers).toEqual([1, 2]);
  });

  it("shows on one line what spans many, and its middle left out where it is long", () => {
    const from = source.indexOf("{\n");
    const { mutated } = placeIn(source)(...range(from, source.trimEnd().length - from), "{}");
    expect(mutated).toMatch(/^\{ const bound = .* … .*"none"; \} \}$/);
  });
});

function at(text: string, length = text.length): ReturnType<ReturnType<typeof placeIn>> {
  return placeIn(source)(...range(source.indexOf(text), length), '""');
}

type Position = { readonly line: number; readonly column: number };

function range(from: number, length: number): [Position, Position] {
  return [position(from), position(from + length)];
}

/** Counted from 1, as Stryker does. */
function position(offset: number): Position {
  const lines = source.slice(0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
