/**
 * Server-sent events for any number of readers. What is told has a number, and the last of it are kept:
 * who comes back says the last number that it has, and gets what it missed; who is new gets the newest few.
 * What is only shown, as a gauge, has no past: who comes gets the newest.
 */

import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface EventStream {
  /** Something happened: each reader hears of it once, in order. */
  tell(name: string, data: unknown): void;
  /** Something is so now: a reader sees the newest, and nothing where it is what it was. */
  show(name: string, data: unknown): void;
  readers(): number;
  /** Answers a request with the stream, from its `Last-Event-ID` or `?after=` on. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Ends all readers' streams. */
  close(): void;
}

export interface EventStreamOptions {
  /** How many told events are kept for those who come back. */
  readonly kept?: number;
  readonly maxReaders?: number;
  /** Bytes that may wait for one reader; who has more waiting is cut off, and comes back. */
  readonly waiting?: number;
  /** Milliseconds between two signs of life. */
  readonly beat?: number;
  /** A reader has come. */
  readonly onReader?: () => void;
}

/** How much of what was told before is told to somebody new. */
const newcomers = 60;

interface Told {
  readonly number: number;
  readonly text: string;
}

export function createEventStream({
  kept = 500,
  maxReaders = 64,
  waiting = 1_000_000,
  beat = 10_000,
  onReader = () => undefined,
}: EventStreamOptions = {}): EventStream {
  // Numbers begin anew with each process; the name tells those of another process apart.
  const name = randomBytes(4).toString("hex");
  const readers = new Set<ServerResponse>();
  const shown = new Map<string, string>();
  let told: readonly Told[] = [];
  let last = 0;
  const idOf = (number: number): string => `${name}-${number}`;

  const send = (response: ServerResponse, text: string): void => {
    response.write(text);
    if (response.writableLength > waiting) response.destroy();
  };
  const sendAll = (text: string): void => {
    for (const response of readers) send(response, text);
  };
  const beating = setInterval(() => sendAll(message("beat", {})), beat);
  beating.unref();

  return {
    tell(event, data) {
      last += 1;
      const text = `id: ${idOf(last)}\n${message(event, data)}`;
      told = [...told.slice(1 - kept), { number: last, text }];
      sendAll(text);
    },
    show(event, data) {
      const text = message(event, data);
      if (shown.get(event) === text) return;
      shown.set(event, text);
      sendAll(text);
    },
    readers: () => readers.size,
    answer(request, response) {
      if (readers.size >= maxReaders) {
        response.writeHead(503, { "retry-after": "5" }).end();
        return;
      }
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
      const after = numberAfter(lastIdOf(request), name);
      const missed = told.filter(({ number }) => after !== undefined && number > after);
      // Else it has an older number than any that is kept, or one of another process.
      const resumed = after !== undefined && last - missed.length === after;
      const past = resumed ? missed : told.slice(-newcomers);
      const hello = message("hello", { resumed, past: past.length });
      send(response, `id: ${idOf(last - past.length)}\n${hello}`);
      for (const { text } of past) send(response, text);
      for (const text of shown.values()) send(response, text);
      readers.add(response);
      response.once("close", () => readers.delete(response));
      onReader();
    },
    close() {
      clearInterval(beating);
      for (const response of readers) response.end();
      readers.clear();
    },
  };
}

function message(event: string, data: unknown): string {
  // JSON has no line breaks of its own, so one line of data is enough.
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function lastIdOf(request: IncomingMessage): string | undefined {
  const header = request.headers["last-event-id"];
  if (typeof header === "string") return header;
  return new URL(request.url ?? "/", "http://localhost").searchParams.get("after") ?? undefined;
}

/** The number in an id that this process has given; undefined for any other text. */
function numberAfter(id: string | undefined, name: string): number | undefined {
  const [, process, number] = /^([0-9a-f]+)-(\d{1,15})$/.exec(id ?? "") ?? [];
  return process === name ? Number(number) : undefined;
}
