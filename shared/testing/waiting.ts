/** Waits that end: what never comes is told in the domain's words, and soon, not as a test that timed out. */

import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { expect, vi } from "vitest";

/** Milliseconds, enough for a busy machine. */
let patience = 10_000;

/** One wait in vain, and the file is red: the rest of it need not wait as long. */
function losePatience(): void {
  patience = 3_000;
}

const nothing = Symbol("nothing came");

/** What `awaited` resolves to. When it does not come, the test fails with `otherwise`. */
export async function soon<T>(
  awaited: Promise<T>,
  otherwise: string | (() => string),
  limit = patience,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof nothing>((resolve) => {
    timer = setTimeout(resolve, limit, nothing);
  });
  const came = await Promise.race([awaited, late]).finally(() => clearTimeout(timer));
  if (came !== nothing) return came;
  losePatience();
  return expect.fail(typeof otherwise === "string" ? otherwise : otherwise());
}

/**
 * The same, of what keeps other tests waiting until it comes, as an open transaction does on the whole
 * server: it is given up before they lose their patience.
 */
export function sooner<T>(awaited: Promise<T>, otherwise: string): Promise<T> {
  return soon(awaited, otherwise, patience / 2);
}

/**
 * Waits until `read` gives what is expected, which is `what`. `reported` are the failures that the
 * code under test has met so far: a mistake in the code among them is thrown at once.
 */
export async function until<Value>(
  what: string,
  read: () => Promise<Value> | Value,
  expected: Value,
  reported: readonly unknown[] = [],
): Promise<void> {
  let seen: Value | undefined;
  const isThere = async (): Promise<boolean> => {
    const mistake = reported.find(isMistake);
    if (mistake !== undefined) throw mistake;
    seen = await read();
    return isDeepStrictEqual(seen, expected);
  };
  await vi.waitUntil(isThere, { timeout: patience, interval: 10 }).catch((error: unknown) => {
    if (isMistake(error)) throw error;
    losePatience();
  });
  const last = reported.length === 0 ? "" : ` (last reported was ${shortened(reported.at(-1))})`;
  expect(seen, `${what}${last}`).toEqual(expected);
}

/** What fails again at each try, whatever the servers do. */
export function isMistake(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isInSql = error instanceof pg.DatabaseError && error.code?.startsWith("42") === true;
  return (
    isInSql ||
    /^(NotImplemented|ReferenceError|TypeError|RangeError)$/.test(error.name) ||
    isMistake(error.cause)
  );
}

/** What it says, on one line. */
export function shortened(error: unknown): string {
  const text = String(error).trim().replace(/\s+/g, " ");
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
}
