/** What the doctor finds, and how it looks: all checks at once, each with a limit of its own. */

import { reasonOf } from "../infrastructure/address.ts";

/** `notable` is worth knowing; `stopping` keeps the learner from going on. */
export type Finding =
  | { readonly about: string; readonly mark: "fine"; readonly found: string }
  | {
      readonly about: string;
      readonly mark: "notable" | "stopping";
      readonly found: string;
      /** What to do. */
      readonly remedy: string;
    };

/** The machine, as far as a test wants another than this one. */
export interface World {
  /** The workshop's folder. */
  readonly root: string;
  /** Where the system keeps temporary files. */
  readonly temporary: string;
  /** With what stands in `.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The default ports. */
  readonly ports: { readonly postgres: number; readonly rabbitmq: number };
  /** Node's version, without a `v`. */
  readonly node: string;
  /** This machine's clock, in milliseconds. */
  now(): number;
}

export interface Check {
  readonly about: string;
  look(): Promise<readonly Finding[]>;
}

/** Runs the checks side by side. One that throws, or takes longer than `limit` ms, is a finding itself. */
export async function examine(
  checks: readonly Check[],
  limit: number,
): Promise<readonly Finding[]> {
  const found = await Promise.all(checks.map((check) => lookWithin(check, limit)));
  return found.flat();
}

export function fine(about: string, found: string): Finding {
  return { about, mark: "fine", found };
}

export function notable(about: string, found: string, remedy: string): Finding {
  return { about, mark: "notable", found, remedy };
}

export function stopping(about: string, found: string, remedy: string): Finding {
  return { about, mark: "stopping", found, remedy };
}

async function lookWithin(check: Check, limit: number): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const fault = new Error(`no answer within ${limit / 1000} s`);
    timer = setTimeout(() => reject(fault), limit);
  });
  try {
    return await Promise.race([check.look(), tooLong]);
  } catch (error) {
    const found = `could not be looked at: ${reasonOf(error, "")}`;
    return [notable(check.about, found, "go on; this alone need not stop you")];
  } finally {
    clearTimeout(timer);
  }
}
