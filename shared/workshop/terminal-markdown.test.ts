import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { renderMarkdown } from "./terminal-markdown.ts";

const rendered = (markdown: string, width = 40): readonly string[] =>
  renderMarkdown(markdown, width).map(stripVTControlCharacters);

describe("Markdown in a terminal", () => {
  it("has its paragraphs wrapped, and inline code in one piece", () => {
    expect(
      rendered("One two three four five\nsix `seven eight nine ten` eleven.\n\nNext."),
    ).toEqual(["One two three four five six", "`seven eight nine ten` eleven.", "", "Next."]);
  });

  it("has code indented, and nothing in it touched", () => {
    expect(rendered("Like this:\n```ts\nconst a = *b*;\n\n  return `a`;\n```\nor so.")).toEqual([
      "Like this:",
      "",
      "  const a = *b*;",
      "",
      "    return `a`;",
      "",
      "or so.",
    ]);
  });

  it("has lists with their lines below the first word", () => {
    expect(rendered("- a number above 0 needs a row that is there\n- 0\n  creates it", 30)).toEqual(
      ["- a number above 0 needs a row", "  that is there", "- 0 creates it"],
    );
  });

  it("says emphasis and links in words, but not within code", () => {
    expect(rendered("*All* of **them**, [rows](rows.ts), `a * b * c`, 2 * 3 * 4")).toEqual([
      "All of them, rows, `a * b * c`, 2 * 3 *",
      "4",
    ]);
  });

  it("leaves a table, and what is longer than a line, as it is", () => {
    expect(rendered("| a | b |\n|---|---|")).toEqual(["  | a | b |", "  |---|---|"]);
    expect(rendered("x".repeat(60))).toEqual(["x".repeat(60)]);
  });
});
