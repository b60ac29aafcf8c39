/**
 * What the API itself says no to, before any resolver runs. Each has a code that stays the same and an
 * HTTP status; a client looks at the code, under `errors[0].extensions`.
 */

import { GraphQLError } from "graphql";

export const refusals = {
  /** The body is no JSON in a POST, or not a query in a GET. */
  UNSUPPORTED_MEDIA_TYPE: 415,
  BODY_TOO_LARGE: 413,
  /** Come back after `retry-after` seconds. */
  RATE_LIMITED: 429,
  /** A name that this server was not reached by: a page elsewhere that had its own name lead here. */
  HOST_NOT_ALLOWED: 421,
  NOT_FOUND: 404,
  TOO_MANY_TOKENS: 400,
  TOO_DEEP: 400,
  TOO_COSTLY: 400,
  /** `first` is not within its limits, or a range of dates is too long. */
  PAGE_TOO_LARGE: 400,
  BAD_USER_INPUT: 400,
  TOO_MANY_SUBSCRIPTIONS: 429,
  /** Whether it was done is not known. A command may be sent again with its commandId. */
  REQUEST_TIMEOUT: 504,
  /** Another process may answer. */
  SHUTTING_DOWN: 503,
  /** A fault of ours, in the log under `correlationId`. */
  INTERNAL: 500,
} as const;

export type RefusalCode = keyof typeof refusals;

/** To be thrown where a request cannot be answered because of what it asks for. */
export function refuse(code: RefusalCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: refusals[code] } } });
}

/** The body of an answer that no GraphQL was needed for. */
export function refusalBody(code: RefusalCode, message: string, correlationId: string): string {
  return JSON.stringify({ errors: [{ message, extensions: { code, correlationId } }] });
}
