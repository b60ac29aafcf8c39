/** One direction of the proxy: what is wrong there now, and the bytes on their way. */

import type { Socket } from "node:net";

/** So many bytes may wait in a lane for each connection; then its sender is not read any more. */
const capacity = 64 * 1024;

/** A limited lane passes what it may in slices of so many milliseconds. */
const slice = 20;

/** An action for the moment when `left` more bytes have passed. */
export interface Mark {
  left: number;
  readonly reached: () => void;
}

export interface Lane {
  /** Counted as they are handed on, over all connections together. */
  readonly passed: number;
  stall(isStalled: boolean): void;
  delay(milliseconds: number): void;
  limit(bytesPerSecond: number): void;
  /** The bytes that complete the mark have passed when its action runs, and none after them. */
  add(mark: Mark): void;
  remove(mark: Mark): void;
  /** Hands on what `from` sends, and its end, until `over` is aborted. */
  carry(from: Socket, to: Socket, over: AbortSignal): void;
}

interface Item {
  readonly arrived: number;
  readonly what: Buffer | "end" | "reset";
}

export function openLane(): Lane {
  const marks = new Set<Mark>();
  const sleepers = new Set<() => void>();
  let passed = 0;
  let isStalled = false;
  let lag = 0;
  let rate = Number.POSITIVE_INFINITY;
  /** When the lane has had the time for all that has passed, at its rate. */
  let isFreeAt = 0;

  const changed = (): void => {
    for (const wake of [...sleepers]) wake();
  };

  /** Until something here changes, the time is over, or `over` is aborted. */
  const sleep = (milliseconds: number, over: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      // A longer time than a timer takes is as good as for ever.
      const timer = milliseconds < 2 ** 31 ? setTimeout(() => wake(), milliseconds) : undefined;
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        over.removeEventListener("abort", wake);
        resolve();
      };
      sleepers.add(wake);
      over.addEventListener("abort", wake);
    });

  /** How long an item that arrived then still has to wait, in milliseconds. */
  const waitOf = ({ arrived }: Item): number => {
    if (isStalled) return Number.POSITIVE_INFINITY;
    return Math.max(arrived + lag, isFreeAt) - performance.now();
  };

  const pass = (chunk: Buffer, to: Socket): Buffer => {
    const atOnce = Math.max(1, Math.floor((rate * slice) / 1000));
    const length = Math.min(chunk.length, atOnce, ...[...marks].map(({ left }) => left));
    // What a late timer has cost is made up for, but idle time is not saved up.
    const since = Math.max(isFreeAt, performance.now() - slice);
    isFreeAt = since + (length / rate) * 1000;
    to.write(chunk.subarray(0, length));
    passed += length;
    for (const mark of [...marks]) {
      mark.left -= length;
      if (mark.left > 0) continue;
      marks.delete(mark);
      mark.reached();
    }
    return chunk.subarray(length);
  };

  return {
    get passed() {
      return passed;
    },
    stall(now) {
      isStalled = now;
      changed();
    },
    delay(milliseconds) {
      lag = milliseconds;
      changed();
    },
    limit(bytesPerSecond) {
      rate = bytesPerSecond;
      isFreeAt = 0;
      changed();
    },
    add: (mark) => marks.add(mark),
    remove: (mark) => marks.delete(mark),
    carry(from, to, over) {
      const arrivals = arrivalsOf(from, over);
      void (async () => {
        for (let item = await arrivals.next(); item; item = await arrivals.next()) {
          let rest = item.what;
          while (!over.aborted) {
            const wait = waitOf(item);
            if (wait > 0) {
              await sleep(wait, over);
            } else if (typeof rest === "string") {
              if (rest === "end") to.end();
              else resetSocket(to);
              break;
            } else {
              rest = pass(rest, to);
              await writable(to, over);
              if (rest.length === 0) break;
            }
          }
          arrivals.done(item);
        }
      })();
    },
  };
}

/** A socket that is being ended cannot be reset any more: Node would never say that it is closed. */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** What a socket sends, with the time of its arrival; `undefined` once `over` is aborted. */
function arrivalsOf(from: Socket, over: AbortSignal) {
  const items: Item[] = [];
  let size = 0;
  let wake = (): void => {};
  const arrive = (what: Item["what"]): void => {
    if (over.aborted) return;
    items.push({ arrived: performance.now(), what });
    size += sizeOf(what);
    if (size >= capacity) from.pause();
    wake();
  };
  from.on("data", arrive);
  from.on("end", () => arrive("end"));
  from.on("close", (hadError) => {
    if (hadError || !from.readableEnded) arrive("reset");
  });
  over.addEventListener("abort", () => wake(), { once: true });
  return {
    async next(): Promise<Item | undefined> {
      while (items.length === 0 && !over.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return over.aborted ? undefined : items.shift();
    },
    /** The item has passed: there is room for another. */
    done({ what }: Item): void {
      size -= sizeOf(what);
      if (size < capacity) from.resume();
    },
  };
}

function sizeOf(what: Item["what"]): number {
  return typeof what === "string" ? 0 : what.length;
}

function writable(to: Socket, over: AbortSignal): Promise<void> {
  if (!to.writableNeedDrain || to.destroyed || over.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const go = (): void => {
      to.off("drain", go).off("close", go);
      over.removeEventListener("abort", go);
      resolve();
    };
    to.on("drain", go).on("close", go);
    over.addEventListener("abort", go);
  });
}
