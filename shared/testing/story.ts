/** Words for an assertion that fails: `expect(value, story({ ... })).toEqual(...)`. The diff says what came instead. */

interface Story {
  readonly given?: string;
  readonly when: string;
  readonly wanted: string;
  /** What it costs in production when it is otherwise. */
  readonly costs: string;
}

/** One part after the other, wrapped so that a terminal of 80 columns shows it whole. */
export function story({ given, when, wanted, costs }: Story): string {
  return [
    ...(given === undefined ? [] : [`given   ${wrapped(given)}`]),
    `when    ${wrapped(when)}`,
    `then    ${wrapped(wanted)}`,
    `costs   ${wrapped(costs)}`,
  ].join("\n");
}

function wrapped(text: string): string {
  return text
    .replace(/(.{1,68})( |$)/g, "$1\n")
    .trimEnd()
    .replaceAll("\n", `\n${" ".repeat(8)}`);
}
