import { describe, expect, it } from "vitest";
import {
  append,
  changeTheStay,
  confirmReservation,
  createReservation,
  extended,
  failureOf,
  storedIn,
  storeWith,
  streamId,
} from "../../shared/testing/command-handling.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirm, confirmed, created } from "../../shared/testing/reservations.ts";
import { attemptCommand } from "./command-handler.ts";

describe("one attempt at a command", () => {
  it("begins a stream", async () => {
    const store = inMemoryEventStore();
    expect(await attemptCommand(store, createReservation)).toMatchObject({
      streamId,
      version: 1,
      position: 1n,
      events: [created],
      repeated: false,
    });
    expect(await storedIn(store)).toMatchObject([created]);
  });

  it("appends after what is there", async () => {
    const store = await storeWith([created]);
    const { version, events } = await attemptCommand(store, confirmReservation);
    expect({ version, events }).toMatchObject({ version: 2, events: [confirmed] });
    expect(await storedIn(store)).toMatchObject([created, confirmed]);
  });

  it("stores its ids beside the event", async () => {
    const store = await storeWith([created]);
    await attemptCommand(store, { ...confirmReservation, correlationId: "request-7" });
    expect((await storedIn(store))[1]?.metadata).toMatchObject({
      commandId: confirmReservation.id,
      correlationId: "request-7",
    });
  });

  it("that decides nothing appends nothing", async () => {
    const store = interveningStore(await storeWith([created, confirmed]));
    expect(await attemptCommand(store, confirmReservation)).toEqual({
      streamId,
      version: 2,
      events: [],
      repeated: false,
    });
    expect(store.count.appends).toBe(0);
  });

  it("that the domain refuses appends nothing", async () => {
    const store = interveningStore(await storeWith([created, cancelled]));
    const error = await failureOf(attemptCommand(store, confirmReservation));
    expect(error).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
    expect(store.count.appends).toBe(0);
  });

  it("that somebody else overtakes is a conflict, and writes nothing", async () => {
    const inner = await storeWith([created]);
    const store = interveningStore(inner, { beforeAppend: () => append(inner, cancelled) });
    const error = await failureOf(attemptCommand(store, confirmReservation));
    expect(error).toMatchObject({ name: "ConcurrencyConflict", expected: 1, actual: 2 });
    expect(await storedIn(inner)).toMatchObject([created, cancelled]);
  });
});

describe("a command that comes a second time", () => {
  it("gets the answer of the first, and writes nothing", async () => {
    const store = await storeWith([created]);
    const first = await attemptCommand(store, confirmReservation);
    await append(store, extended);
    const second = await attemptCommand(store, confirmReservation);
    expect(second).toMatchObject({ ...first, repeated: true });
    expect(await storedIn(store)).toHaveLength(3);
  });

  it("gets it even where deciding now would be refused", async () => {
    const store = await storeWith([created]);
    const first = await attemptCommand(store, confirmReservation);
    await append(store, cancelled);
    const second = await attemptCommand(store, confirmReservation);
    expect(second).toMatchObject({ ...first, repeated: true });
  });

  it("gets it even where deciding now would decide something else", async () => {
    const store = await storeWith([created]);
    await attemptCommand(store, changeTheStay);
    await append(store, extended);
    const second = await attemptCommand(store, changeTheStay);
    expect(second).toMatchObject({ version: 2, repeated: true });
    expect(await storedIn(store)).toHaveLength(3);
  });

  it("while the first is on its way gets the answer of the one that was faster", async () => {
    const inner = await storeWith([created]);
    // Both load version 1. Before the slower one appends, the stay is changed and the faster one,
    // which loads version 2, is through: it moves the guest from other dates than the slower thinks.
    const store = interveningStore(inner, {
      beforeAppend: async () => {
        await append(inner, extended);
        await attemptCommand(inner, changeTheStay);
      },
    });
    const slower = await attemptCommand(store, changeTheStay);
    const stored = await storedIn(inner);
    expect(stored).toHaveLength(3);
    expect(slower).toMatchObject({
      version: 3,
      position: 3n,
      events: [{ data: stored[2]?.data }],
      repeated: true,
    });
  });

  it("for another reservation is refused: its id names one command only", async () => {
    const store = await storeWith([created]);
    await attemptCommand(store, confirmReservation);
    const other = "reservation-2";
    const data = { ...created.data, reservationId: other };
    await store.append(other, [newEvent({ type: "ReservationCreated", data })], 0);
    const error = await failureOf(
      attemptCommand(store, {
        ...confirmReservation,
        command: { ...confirm, data: { ...confirm.data, reservationId: other } },
      }),
    );
    expect(error).toMatchObject({ name: "DuplicateEvent" });
  });
});
