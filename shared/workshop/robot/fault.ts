/** What the robot expected of a command, and did not get. */

import type { Said } from "./terminal.ts";

/** Shows the command and all that it printed. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly said: Said | undefined;

  constructor(expected: string, said?: Said) {
    super(expected);
    this.said = said;
  }
}

export interface Expected {
  readonly code: number;
  /** Each is printed, in whatever lines and columns. */
  readonly says?: readonly (string | RegExp)[];
  /** None of these is printed. */
  readonly not?: readonly (string | RegExp)[];
}

/** Hands over what was said, once it is as expected and without a stack trace; else throws Fault. */
export function expectSaid(said: Said, { code, says = [], not = [] }: Expected): Said {
  if (said.code !== code) throw new Fault(`exit code ${code}, not ${said.code}`, said);
  const text = inOneLine(said.output);
  for (const wanted of says) {
    if (!holds(text, wanted)) throw new Fault(`it says ${shown(wanted)}`, said);
  }
  for (const unwanted of not) {
    if (holds(text, unwanted)) throw new Fault(`it does not say ${shown(unwanted)}`, said);
  }
  if (stackTrace.test(said.output)) throw new Fault("there is no stack trace", said);
  return said;
}

/** Throws Fault unless `holds`; `expected` says what should have been so. */
export function expectThat(holds: boolean, expected: string, said?: Said): asserts holds {
  if (!holds) throw new Fault(expected, said);
}

/** What was printed, without the lines and columns into which a screen has forced it. */
export function inOneLine(output: string): string {
  return output.replaceAll(/\s+/g, " ");
}

/** As Node prints it for people who did not ask for it. */
const stackTrace = /^\s+at .*[:(].*\d+:\d+\)?$|node:internal|^Node\.js v\d/m;

function holds(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(inOneLine(wanted)) : wanted.test(text);
}

function shown(wanted: string | RegExp): string {
  return typeof wanted === "string" ? `"${wanted}"` : String(wanted);
}
