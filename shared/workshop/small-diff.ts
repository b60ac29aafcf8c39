/** A diff of Vitest's as a learner needs it: lines with signs, and of a long one both sides. */

import { stripVTControlCharacters } from "node:util";

/** What an AssertionError has beside its message, most often undefined. */
const isEmptyField = /^\S*\s+"(actual|expected|operator|showDiff|diff)": (undefined|false),?$/;

/** At most `most` lines; `whole` is the command that shows all of them. */
export function smallDiff(diff: string, most: number, whole: string): readonly string[] {
  const signed = withSigns(diff.split("\n")).filter((line) => !isEmptyField.test(line));
  const lines = withoutClasses(signed).map(cutLine);
  if (lines.length <= most) return lines;
  const runs = runsOf(lines);
  for (let longest = most - 2; longest >= 2; longest--) {
    const cut = runs.flatMap((run) => cutOff(run, longest));
    if (cut.length < most) return [...cut, `  all of it: ${whole}`];
  }
  return [...lines.slice(0, most - 1), `  all of it: ${whole}`];
}

/** One line of the terminal: a value in one line may be as long as a page. */
function cutLine(line: string): string {
  const plain = stripVTControlCharacters(line);
  return plain.length > 68 ? `${plain.slice(0, 67)}…` : line;
}

/** Without the legend, which takes three lines; what is set apart under two headings gets signs. */
function withSigns(lines: readonly string[]): readonly string[] {
  const plain = lines.map((line) => stripVTControlCharacters(line));
  const legend = plain.slice(0, 3).map((line) => line.trim());
  if (legend.join("|") === "- Expected|+ Received|") {
    return lines
      .slice(3)
      .map((line, index) => (plain[index + 3]?.startsWith("@@ ") ? "  ..." : line));
  }
  let sign = "";
  const signed = lines.map((line, index) => {
    const heading = /^(?:[-+] )?(Expected|Received): ?(.*)$/.exec(plain[index] ?? "");
    if (!heading) return sign === "" ? line : `${sign} ${line}`;
    const [, kind, rest = ""] = heading;
    sign = kind === "Expected" ? "-" : "+";
    return `${sign} ${rest}`;
  });
  return sign === "" ? lines : signed.filter((line) => !/^[-+]?\s*$/.test(line));
}

/**
 * Of `- {` over `+ InvalidHistory {` one line: most matchers compare what is in an object, not its class,
 * and the reader looks for a difference where there is none. Both stay where nothing else differs.
 */
function withoutClasses(lines: readonly string[]): readonly string[] {
  const plain = lines.map((line) => stripVTControlCharacters(line));
  const opens = (index: number): boolean => {
    const [, start] = /^-( .*?)(?:Object )?\{$/.exec(plain[index] ?? "") ?? [];
    const came = plain[index + 1] ?? "";
    return (
      start !== undefined &&
      came.startsWith(`+${start}`) &&
      /^(\w+ )?\{$/.test(came.slice(start.length + 1))
    );
  };
  const pairs = lines.map((_, index) => index).filter(opens);
  const differing = plain.filter((line) => /^[-+]/.test(line)).length;
  if (differing === 2 * pairs.length) return lines;
  return plain.flatMap((line, index) => {
    if (pairs.includes(index)) return [];
    return pairs.includes(index - 1) ? [` ${line.slice(1)}`] : [lines[index] ?? line];
  });
}

/** Neighbours of one sign. */
function runsOf(lines: readonly string[]): readonly (readonly string[])[] {
  const runs: string[][] = [];
  let last: string | undefined;
  for (const line of lines) {
    const sign = stripVTControlCharacters(line).slice(0, 1);
    if (sign === last) runs.at(-1)?.push(line);
    else runs.push([line]);
    last = sign;
  }
  return runs;
}

function cutOff(run: readonly string[], longest: number): readonly string[] {
  if (run.length <= longest) return run;
  const sign = stripVTControlCharacters(run[0] ?? "").slice(0, 1);
  const left = run.length - longest + 1;
  return [...run.slice(0, longest - 1), `${sign} ... ${left} more lines`];
}
