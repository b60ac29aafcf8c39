/** Prints what belongs to one request, stream by stream, as it is stored. */

import { setTimeout as delay } from "node:timers/promises";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Money } from "../01-aggregate/reservation-types.ts";
import { commandFor } from "../12-saga/booking-command.ts";
import { isBookingEvent } from "../12-saga/outbox.ts";
import { row } from "./screen.ts";
import { within } from "./time-limit.ts";

/** How long one step may take, in milliseconds. It takes about 20. */
const limit = 10_000;

export interface Follower {
  /**
   * Prints events up to the first of these types.
   * @throws TimeLimitExceeded
   */
  upTo(...types: readonly string[]): Promise<void>;
}

/** Follows the correlation id through all streams: that is what it is there for. */
export function followBooking(store: EventStore, correlationId: string): Follower {
  let last = 0n;
  let begin: number | undefined;
  const isFound = async (types: readonly string[]): Promise<boolean> => {
    for await (const event of store.readAll({ after: last })) {
      last = event.position;
      if (event.metadata.correlationId !== correlationId) continue;
      const at = Date.parse(event.recordedAt);
      begin ??= at;
      row(category(event), `${event.type}${details(event)}`, at - begin);
      if (types.includes(event.type)) return true;
    }
    return false;
  };
  return {
    async upTo(...types) {
      const giveUp = new AbortController();
      const found = (async () => {
        while (!giveUp.signal.aborted && !(await isFound(types))) await delay(3);
      })();
      try {
        await within(limit, `The booking is not at ${types.join(" or ")}`, found);
      } finally {
        giveUp.abort();
      }
    },
  };
}

/** `guest` for guest-ada: what its stream is of. */
function category({ streamId }: EventEnvelope): string {
  return streamId.split("-", 1)[0] ?? "";
}

/** The command that it asks for, the amount, the reason: what there is of them. */
function details(event: EventEnvelope): string {
  const command = isBookingEvent(event) ? commandFor(event)?.command.type : undefined;
  const { reason, amount }: { reason?: string; amount?: Money } = event.data;
  const money = amount && `${(amount.amount / 100).toFixed(2)} ${amount.currency}`;
  const told = [money, reason].flatMap((text) => (text === undefined ? [] : ` · ${text}`));
  return [...(command === undefined ? [] : [` → ${command}`]), ...told].join("");
}
