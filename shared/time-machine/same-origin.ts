/** Requests that change something, taken from the page itself and from nobody else's. */

import type { IncomingMessage, ServerResponse } from "node:http";

const bodyLimit = 10_000;

/** Said no to, with the reason as a sentence for people. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The object in the request's body.
 * @throws Refused unless it is JSON that a page of this very server has sent, on this machine
 */
export async function readOwn(
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>>> {
  if (!isLoopback(request.socket.remoteAddress)) {
    throw new Refused(403, "This works on the machine itself only.");
  }
  if (!isSameOrigin(request)) throw new Refused(403, "This is for the page of this server only.");
  // A form, which any page can send, cannot have this type.
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    throw new Refused(415, "Send it as application/json.");
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) throw new Refused(413, `A request has at most ${bodyLimit} bytes.`);
    chunks.push(chunk);
  }
  return parsed(Buffer.concat(chunks).toString("utf8"));
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(JSON.stringify(body));
}

/** Browsers say where a request comes from, and a page cannot make them lie about it. */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  // `host` was compared with this machine's own names before; so another name cannot lead here.
  return headers.origin === `http://${headers.host}`;
}

function isLoopback(address: string | undefined): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address ?? "");
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new Refused(400, "The body is no JSON object.");
}
