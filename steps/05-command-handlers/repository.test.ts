import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import {
  append,
  cancelReservation,
  confirmReservation,
  extended,
  failureOf,
  storeWith,
  streamId,
} from "../../shared/testing/command-handling.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created, euros } from "../../shared/testing/reservations.ts";
import { load } from "./repository.ts";

describe("loading a reservation", () => {
  it("gives the state, and the version at which it was read", async () => {
    const store = await storeWith([created, confirmed, extended]);
    expect(await load(store, streamId)).toMatchObject({
      state: { status: "confirmed", total: euros(360) },
      version: 3,
    });
  });

  it("of which there is none gives no reservation at version 0", async () => {
    expect(await load(inMemoryEventStore(), streamId)).toEqual({
      state: { status: "none" },
      version: 0,
      earlier: [],
    });
  });

  it("reads what is stored now, not what it has read before", async () => {
    const store = await storeWith([created]);
    const before = await load(store, streamId);
    await append(store, cancelled);
    const after = await load(store, streamId);
    expect([before.state.status, after.state.status]).toEqual(["pending", "cancelled"]);
  });

  it("picks out the events that an earlier delivery of the command has stored", async () => {
    const store = await storeWith([created]);
    await append(store, newEvent(confirmed, { metadata: { commandId: confirmReservation.id } }));
    await append(store, newEvent(cancelled, { metadata: { commandId: cancelReservation.id } }));
    const { earlier } = await load(store, streamId, confirmReservation.id);
    expect(earlier).toMatchObject([{ ...confirmed, version: 2, position: 2n }]);
  });

  it("picks out nothing when no command is about to be decided", async () => {
    const store = await storeWith([created]);
    expect((await load(store, streamId)).earlier).toEqual([]);
  });

  it("folds while it reads: a gap is refused where it comes, and nothing read after it", async () => {
    const [first, , third, fourth] = recorded(streamId, [created, confirmed, extended, cancelled]);
    let read = 0;
    const store = storeOf([first, third, fourth], () => {
      read += 1;
    });
    const error = await failureOf(load(store, streamId));
    expect(error).toMatchObject({ name: "InvalidHistory", reason: "gap", actualVersion: 3 });
    expect(read).toBe(2);
  });

  it("refuses an event that this code does not know", async () => {
    const unknown = { type: "ReservationArchived", data: { reservationId: streamId } };
    const error = await failureOf(load(storeOf(recorded(streamId, [unknown])), streamId));
    expect(error).toMatchObject({ name: "UnknownEventType", type: "ReservationArchived" });
  });
});

/** A store that reads back this history, whatever was appended. */
function storeOf(
  history: readonly (EventEnvelope | undefined)[],
  onRead: () => void = () => undefined,
): EventStore {
  return {
    ...inMemoryEventStore(),
    async *readStream() {
      for (const event of history) {
        onRead();
        if (event) yield event;
      }
    },
  };
}
