/** Who asks, under which id, and what stands in the body, up to a limit. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What is known of a request before it is understood. */
export interface ApiRequest {
  /** The same for all that follows from it: the client's own (`x-correlation-id`, `traceparent`), or a new one. */
  readonly correlationId: string;
  /** The address that the connection comes from. */
  readonly client: string;
  /** Aborted when the client has left, when the time is up, or when the server closes. */
  readonly signal: AbortSignal;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A W3C trace id has 32 hexadecimal digits, and so has a UUID: the one becomes the other.
 * https://www.w3.org/TR/trace-context/
 */
export function correlationIdOf({ headers }: IncomingMessage): string {
  const [, traceId] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(
    headers.traceparent?.toString() ?? "",
  ) ?? [undefined, undefined];
  if (traceId !== undefined && !/^0+$/.test(traceId)) {
    return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
  const own = headers["x-correlation-id"]?.toString().toLowerCase() ?? "";
  return uuid.test(own) ? own : randomUUID();
}

/** The body, or undefined as soon as it is longer than the limit. */
export async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Buffer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `127.0.0.1`, `localhost` or `[::1]`, with any port: what a page elsewhere cannot make of its own name. */
export function isReachedAs(request: IncomingMessage, hosts: readonly string[]): boolean {
  const name = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  return hosts.includes(name);
}
