/** What a test's result says: about a learner's code, and about a starter. */

import type { SerializedError } from "vitest";
import { isError } from "./thrown.ts";

export type Verdict =
  | "green"
  | "not written yet"
  | "wrong"
  | "crashed"
  | "hanging"
  | "infrastructure";

const brokenInfrastructure = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|57P01|57P03|53300)$/;

/** Judges a failed test by its errors; the first error that is not "not written yet" decides. */
export function verdictOf(errors: readonly SerializedError[]): Verdict {
  if (errors.length === 0) return "crashed";
  const verdicts = errors.map((error) => judge(causes(error)));
  return verdicts.find((verdict) => verdict !== "not written yet") ?? "not written yet";
}

/** A starter's test is red for the right reason: not written yet, or an assertion that the missing code fails. */
export function isRightlyRed(errors: readonly SerializedError[]): boolean {
  const verdicts = errors.map((error) => judge(causes(error)));
  return (
    verdicts.length > 0 &&
    verdicts.every((verdict) => verdict === "not written yet" || verdict === "wrong")
  );
}

/** The error and what caused it, outermost first. */
export function causes(error: SerializedError): readonly SerializedError[] {
  const chain: SerializedError[] = [];
  let current: unknown = error;
  while (isError(current) && chain.length < 10) {
    chain.push(current);
    current = current.cause;
  }
  return chain;
}

function judge(chain: readonly SerializedError[]): Verdict {
  const named = (name: string): boolean => chain.some((error) => error.name === name);
  if (named("NotImplemented") || chain.some(metNotImplemented)) return "not written yet";
  if (named("InfrastructureMissing")) return "infrastructure";
  if (chain.some((error) => brokenInfrastructure.test(String(error.code)))) return "infrastructure";
  if (chain.some((error) => /^Test timed out in/.test(error.message))) return "hanging";
  if (named("AssertionError")) return "wrong";
  // A property that returned false: fast-check reports it without a cause.
  if (chain.length === 1 && chain[0]?.message.startsWith("Property failed")) return "wrong";
  return "crashed";
}

/** An assertion that was handed the NotImplemented, as `expect(...).rejects` is. */
function metNotImplemented({ name, message, actual }: SerializedError): boolean {
  // Vitest hands `actual` over as text or as what is left of the value, which may have no toString.
  const met = typeof actual === "string" ? `${message} ${actual}` : message;
  return name === "AssertionError" && /\bNotImplemented\b/.test(met);
}
