import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import {
  append,
  cancelReservation,
  confirmReservation,
  extended,
  storeWith,
  streamId,
} from "../../shared/testing/command-handling.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { versionInWords } from "../../shared/testing/in-words.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import { rejectionOf } from "../../shared/testing/refusal.ts";
import { cancelled, confirmed, created, euros } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { load } from "./repository.ts";

describe("loading a reservation", () => {
  costs("commands are decided on a reservation that is not the one in the store");

  it("gives the state, and the version at which it was read", async () => {
    story({
      given: "reservation-1: v1 created, v2 confirmed, v3 stay changed to 05-01 → 05-04",
      when: "loaded",
      wanted: "a confirmed reservation of 360.00 EUR, at version 3",
    });
    const store = await storeWith([created, confirmed, extended]);
    expect(await load(store, streamId)).toMatchObject({
      state: { status: "confirmed", total: euros(360) },
      version: 3,
    });
  });

  it("of which there is none gives no reservation at version 0", async () => {
    story({
      given: "a store without any event of reservation-1",
      when: "reservation-1 is loaded",
      wanted: "no reservation, at version 0, with no earlier events: []",
    });
    expect(await load(inMemoryEventStore(), streamId)).toEqual({
      state: { status: "none" },
      version: 0,
      earlier: [],
    });
  });

  it("reads what is stored now, not what it has read before", async () => {
    story({
      given: "reservation-1: v1 created; loaded once, by this process",
      when: "another process stores v2 cancelled, and reservation-1 is loaded again",
      wanted: "pending the first time, cancelled the second: nothing is kept in between",
      costs: "the desk confirms on one server what the guest has cancelled on the other",
    });
    const store = await storeWith([created]);
    const before = await load(store, streamId);
    await append(store, cancelled);
    const after = await load(store, streamId);
    const statuses = [before.state.status, after.state.status];
    expect(statuses, "the status before and after").toEqual(["pending", "cancelled"]);
  });

  it("picks out the events that an earlier delivery of the command has stored", async () => {
    story({
      given: "v1 created, v2 confirmed by the command ...0002, v3 cancelled by ...0004",
      when: "loaded for the command ...0002, as metadata.commandId has it",
      wanted: "earlier is v2, as the store has it, and nothing else",
      costs: "a command that comes twice is not recognised, and the guest pays twice",
    });
    const store = await storeWith([created]);
    await append(store, newEvent(confirmed, { metadata: { commandId: confirmReservation.id } }));
    await append(store, newEvent(cancelled, { metadata: { commandId: cancelReservation.id } }));
    const { earlier } = await load(store, streamId, confirmReservation.id);
    expect(earlier, "earlier").toMatchObject([{ ...confirmed, version: 2, position: 2n }]);
  });

  it("picks out all of them, where the command has decided more than one", async () => {
    story({
      given: "v1 created; the command ...0002 has stored v2 confirmed and v3 stay changed",
      when: "loaded for the command ...0002",
      wanted: "earlier is v2 and v3, in this order",
      costs: "the second answer has half of what was done, at a version in the middle of it",
    });
    const store = await storeWith([created]);
    const metadata = { commandId: confirmReservation.id };
    await append(store, newEvent(confirmed, { metadata }));
    await append(store, newEvent(extended, { metadata }));
    const { earlier } = await load(store, streamId, confirmReservation.id);
    expect(earlier.map(versionInWords), "earlier").toEqual([
      "v2 ReservationConfirmed",
      "v3 StayChanged",
    ]);
  });

  it("picks out nothing when no command is about to be decided", async () => {
    story({
      given: "v1 created, whose metadata names no command",
      when: "loaded without a command id",
      wanted: "earlier is empty: [], though undefined equals undefined",
      costs: "each new command is taken for one that was stored before, and never decided",
    });
    const store = await storeWith([created]);
    expect((await load(store, streamId)).earlier, "earlier").toEqual([]);
  });

  it("folds while it reads: a gap is refused where it comes, and nothing read after it", async () => {
    story({
      given: "the store reads v1 created, v3 stay changed, v4 cancelled: v2 is missing",
      when: "loaded",
      wanted: "InvalidHistory, gap, when v3 comes; v4 is not asked for",
      costs:
        "each command keeps a whole stream in memory, and one of 100,000 events ends the server",
    });
    const [first, , third, fourth] = recorded(streamId, [created, confirmed, extended, cancelled]);
    let read = 0;
    const store = storeOf([first, third, fourth], () => {
      read += 1;
    });
    const error = await rejectionOf(load(store, streamId));
    expect(error).toMatchObject({ name: "InvalidHistory", reason: "gap", actualVersion: 3 });
    expect(read, "events read").toBe(2);
  });

  it("refuses an event that this code does not know", async () => {
    story({
      given: "v1 is a ReservationArchived, which newer code has stored",
      when: "loaded",
      wanted: "UnknownEventType, with the type ReservationArchived",
      costs: "the old version, which still runs, skips it and confirms an archived reservation",
    });
    const unknown = { type: "ReservationArchived", data: { reservationId: streamId } };
    const error = await rejectionOf(load(storeOf(recorded(streamId, [unknown])), streamId));
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
