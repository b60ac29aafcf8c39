import { describe, expect, it } from "vitest";
import {
  append,
  changeTheStay,
  confirmReservation,
  createReservation,
  extended,
  storedIn,
  storeWith,
  streamId,
} from "../../shared/testing/command-handling.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { rejectionOf } from "../../shared/testing/refusal.ts";
import { cancelled, confirm, confirmed, created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { attemptCommand } from "./command-handler.ts";

describe("one attempt at a command", () => {
  costs("the guest is told that it is done, and the stream says something else");

  it("begins a stream", async () => {
    story({
      given: "an empty store",
      when: "CreateReservation for reservation-1",
      wanted: "v1 created is stored; the answer has it, version 1, position 1, repeated: false",
    });
    const store = inMemoryEventStore();
    expect(await attemptCommand(store, createReservation), "the answer").toMatchObject({
      streamId,
      version: 1,
      position: 1n,
      events: [created],
      repeated: false,
    });
    expect(await storedIn(store), "the stream").toMatchObject([created]);
  });

  it("appends after what is there", async () => {
    story({
      given: "v1 created",
      when: "ConfirmReservation",
      wanted: "v2 confirmed is stored; the answer has version 2 and that event",
    });
    const store = await storeWith([created]);
    const { version, events } = await attemptCommand(store, confirmReservation);
    const answer = { version, events };
    expect(answer, "the answer").toMatchObject({ version: 2, events: [confirmed] });
    expect(await storedIn(store), "the stream").toMatchObject([created, confirmed]);
  });

  it("stores its ids beside the event", async () => {
    story({
      given: "v1 created",
      when: "ConfirmReservation, command ...0002, correlationId request-7",
      wanted: "the metadata of v2: commandId ...0002, correlationId request-7",
      costs: "a second delivery is not recognised, and the guest pays twice",
    });
    const store = await storeWith([created]);
    await attemptCommand(store, { ...confirmReservation, correlationId: "request-7" });
    expect((await storedIn(store))[1]?.metadata, "the metadata of v2").toMatchObject({
      commandId: confirmReservation.id,
      correlationId: "request-7",
    });
  });

  it("that decides nothing appends nothing", async () => {
    story({
      given: "v1 created, v2 confirmed",
      when: "ConfirmReservation",
      wanted: "the answer: version 2, no events, no position, repeated: false; and no append",
      costs: "an impatient guest, who presses the button twice, gets an error for an answer",
    });
    const store = interveningStore(await storeWith([created, confirmed]));
    expect(await attemptCommand(store, confirmReservation), "the answer").toEqual({
      streamId,
      version: 2,
      events: [],
      repeated: false,
    });
    expect(store.count.appends, "appends").toBe(0);
  });

  it("that the domain refuses appends nothing", async () => {
    story({
      given: "v1 created, v2 cancelled",
      when: "ConfirmReservation",
      wanted: "the DomainError of decide, reservation-cancelled; and no append",
      costs: "the guest reads 'thank you', and arrives at a room that is somebody else's",
    });
    const store = interveningStore(await storeWith([created, cancelled]));
    const error = await rejectionOf(attemptCommand(store, confirmReservation));
    expect(error).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
    expect(store.count.appends, "appends").toBe(0);
  });

  it("that somebody else overtakes is a conflict, and writes nothing", async () => {
    story({
      given: "v1 created; between load and append somebody else stores v2 cancelled",
      when: "ConfirmReservation",
      wanted: "ConcurrencyConflict, expected 1, actual 2; the stream: v1 created, v2 cancelled",
      costs: "confirmed and cancelled: the room is given away, and the guest arrives at 23:40",
    });
    const inner = await storeWith([created]);
    const store = interveningStore(inner, { beforeAppend: () => append(inner, cancelled) });
    const error = await rejectionOf(attemptCommand(store, confirmReservation));
    expect(error).toMatchObject({ name: "ConcurrencyConflict", expected: 1, actual: 2 });
    expect(await storedIn(inner), "the stream").toMatchObject([created, cancelled]);
  });
});

describe("a command that comes a second time", () => {
  costs("the answer dies in a tunnel, the phone sends it again, and the guest pays twice");

  it("gets the answer of the first, and writes nothing", async () => {
    story({
      given: "v1 created; ConfirmReservation ...0002 was stored as v2; then v3 stay changed",
      when: "ConfirmReservation ...0002 comes again",
      wanted: "the answer that it got before: version 2, its event; but repeated: true; no v4",
    });
    const store = await storeWith([created]);
    const first = await attemptCommand(store, confirmReservation);
    await append(store, extended);
    const second = await attemptCommand(store, confirmReservation);
    expect(second, "the second answer").toMatchObject({ ...first, repeated: true });
    expect(await storedIn(store), "the stream").toHaveLength(3);
  });

  it("gets it even where deciding now would be refused", async () => {
    story({
      given: "v1 created; ConfirmReservation ...0002 was stored as v2; then v3 cancelled",
      when: "ConfirmReservation ...0002 comes again",
      wanted: "the answer that it got before, with repeated: true; it is not decided again",
      costs: "the guest, who was confirmed and has cancelled, reads that it never worked",
    });
    const store = await storeWith([created]);
    const first = await attemptCommand(store, confirmReservation);
    await append(store, cancelled);
    const second = await attemptCommand(store, confirmReservation);
    expect(second, "the second answer").toMatchObject({ ...first, repeated: true });
  });

  it("gets it even where deciding now would decide something else", async () => {
    story({
      given: [
        "v1 created; ChangeStay ...0003 to 05-02 → 05-05 was stored as v2;",
        "then somebody else changed the stay to 05-01 → 05-04, as v3",
      ],
      when: "ChangeStay ...0003 comes again",
      wanted: "version 2, repeated: true; the stay is not changed back: there is no v4",
    });
    const store = await storeWith([created]);
    await attemptCommand(store, changeTheStay);
    await append(store, extended);
    const second = await attemptCommand(store, changeTheStay);
    expect(second, "the second answer").toMatchObject({ version: 2, repeated: true });
    expect(await storedIn(store), "the stream").toHaveLength(3);
  });

  it("while the first is on its way gets the answer of the one that was faster", async () => {
    story({
      given: [
        "v1 created; ChangeStay ...0003 comes twice at once",
        "the slower loads v1; then somebody's v2 is stored",
        "the faster loads v2, and stores its v3",
      ],
      when: "the slower appends what it decided at v1; the store says repeated: true",
      wanted: "the answer is what the faster stored: v3, position 3, its event; repeated: true",
      costs: "the guest is shown a stay that was never booked like this",
    });
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
    expect(stored, "the stream").toHaveLength(3);
    expect(slower, "the slower one's answer").toMatchObject({
      version: 3,
      position: 3n,
      events: [{ data: stored[2]?.data }],
      repeated: true,
    });
  });

  it("for another reservation is refused: its id names one command only", async () => {
    story({
      given: "ConfirmReservation ...0002 for reservation-1 is stored",
      when: "a ConfirmReservation for reservation-2 comes with the same id, ...0002",
      wanted: "DuplicateEvent: the store's refusal reaches the caller",
      costs: "the guest of reservation-2 reads that it is confirmed, and it is not",
    });
    const store = await storeWith([created]);
    await attemptCommand(store, confirmReservation);
    const other = "reservation-2";
    const data = { ...created.data, reservationId: other };
    await store.append(other, [newEvent({ type: "ReservationCreated", data })], 0);
    const error = await rejectionOf(
      attemptCommand(store, {
        ...confirmReservation,
        command: { ...confirm, data: { ...confirm.data, reservationId: other } },
      }),
    );
    expect(error).toMatchObject({ name: "DuplicateEvent" });
  });
});
