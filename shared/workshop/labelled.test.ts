import { describe, expect, it } from "vitest";
import { labelled } from "./labelled.ts";

describe("lines behind a label", () => {
  it("are wrapped for 80 columns, with the label before the first", () => {
    const lines = labelled("given", "a reservation of two nights ".repeat(6).trim());
    expect(lines.length).toBeGreaterThan(1);
    expect(lines[0]).toMatch(/^ {2}given {3}a reservation/);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {10}\S/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(78);
  });

  it("keep the items of a list apart, and the lines that are laid out already", () => {
    expect(labelled("when", ["first", "    indented", ""])).toEqual([
      "  when    first",
      "              indented",
      "",
    ]);
  });

  it("let a word stick out rather than tear it", () => {
    const word = "x".repeat(90);
    expect(labelled("what", `see ${word}`)).toEqual(["  what    see", `          ${word}`]);
  });
});
