import { describe, expect, it } from "vitest";
import { ConcurrencyConflict, DomainError } from "../../shared/kernel/errors.ts";
import { thrownBy } from "../../shared/testing/api.ts";
import {
  cancelReservation,
  changeTheStay,
  confirmReservation,
  createReservation,
  delivered,
} from "../../shared/testing/command-handling.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import {
  cancelled,
  changeStay,
  confirmed,
  created,
  reservationId,
  stayChanged,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { putRow, snapshotAt } from "../../shared/testing/snapshots.ts";
import { costs, story } from "../../shared/testing/story.ts";
import {
  historyIn,
  oldStore,
  sideOf,
  todays,
  versionsIn,
} from "../../shared/testing/write-side.ts";
import { attempt, handle } from "./write-side.ts";

const database = useDatabase(13);

describe("a command to a reservation", () => {
  costs(
    "a click that is sent twice over a bad line is answered with an error, and the desk books again",
  );

  it("is decided, stored at the version that was read, and offered as a snapshot", async () => {
    story({
      given: "v1 created",
      when: "it is confirmed",
      wanted: "v2 ReservationConfirmed; a snapshot of what was loaded, v1, is offered",
      costs:
        "a snapshot of a state that no event says: each command behind it is decided on nothing",
    });
    const { store } = await todays(created);
    const { side, offered } = sideOf(store);
    const result = await attempt(side, confirmReservation);
    expect(result).toMatchObject({ streamId: reservationId, version: 2, repeated: false });
    expect(result.events.map(({ type }) => type)).toEqual(["ReservationConfirmed"]);
    expect(result.position).toBe(2n);
    expect(offered, "versions offered").toEqual([1]);
  });

  it("is decided on a snapshot and what lies behind it, and nothing else is read", async () => {
    story({
      given: "v1 created, v2 the stay moved, v3 confirmed, with a snapshot at v3",
      when: "it is cancelled",
      wanted: "v4, and one row read: the snapshot's own",
      costs: "the snapshots are there, and each command reads the whole stream all the same",
    });
    const { store, history } = await todays(created, stayChanged, confirmed);
    await putRow(database.setUpPool, snapshotAt(history, 3));
    const result = await attempt(sideOf(store, database.pool).side, cancelReservation);
    expect(result).toMatchObject({ version: 4, repeated: false });
    expect(store.eventsRead(), "rows read").toBe(1);
  });

  it("stores nothing where there is nothing to do", async () => {
    story({
      given: "v1 created, v2 confirmed, by somebody else",
      when: "it is confirmed again",
      wanted: "version 2, no events, not repeated",
    });
    const { store } = await todays(created, confirmed);
    expect(await attempt(sideOf(store).side, confirmReservation)).toEqual({
      streamId: reservationId,
      version: 2,
      events: [],
      repeated: false,
    });
  });

  it("that the domain refuses stores nothing", async () => {
    story({
      given: "v1 created, v2 cancelled",
      when: "the stay is changed",
      wanted: "a DomainError, reservation-cancelled",
    });
    const { store } = await todays(created, cancelled);
    const refused = await thrownBy(() => attempt(sideOf(store).side, changeTheStay));
    expect(refused).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
  });

  it("that was refused offers no wait: it is not tried again", async () => {
    story({
      given: "v1 created, v2 cancelled",
      when: "a change of the stay is handled",
      wanted: "one load, and the DomainError",
    });
    const { store } = await todays(created, cancelled);
    const counting = interveningStore(store);
    const refused = await thrownBy(() => handle(sideOf(counting).side, changeTheStay));
    expect(refused).toBeInstanceOf(DomainError);
    expect(counting.count.appends).toBe(0);
  });

  it("that comes a second time is answered as it was the first time", async () => {
    story({
      given: "a reservation that is created, confirmed and cancelled by three commands",
      when: "each of the three is delivered once more",
      wanted: "versions 1, 2 and 3 with their events, repeated; three events in the stream",
    });
    const store = inMemoryEventStore();
    const { side } = sideOf(store);
    const commands = [createReservation, confirmReservation, cancelReservation];
    for (const command of commands) await attempt(side, command);
    for (const [index, command] of commands.entries()) {
      const again = await attempt(side, command);
      expect(again, command.command.type).toMatchObject({ version: index + 1, repeated: true });
      expect(again.position).toBe(BigInt(index + 1));
      expect(again.events).toHaveLength(1);
    }
    expect(await versionsIn(store)).toHaveLength(3);
  });

  it("that comes a second time is known behind a snapshot, too", async () => {
    story({
      given: "created and cancelled by commands, with a snapshot at v2",
      when: "the creation is delivered once more",
      wanted: "its answer, version 1, repeated; not `reservation-exists`",
    });
    const store = inMemoryEventStore();
    await attempt(sideOf(store).side, createReservation);
    await attempt(sideOf(store).side, cancelReservation);
    await putRow(database.setUpPool, snapshotAt(await historyIn(store), 2));
    const again = await attempt(sideOf(store, database.pool).side, createReservation);
    expect(again).toMatchObject({ version: 1, repeated: true });
  });

  it("that comes a second time and would decide anew is not stored anew", async () => {
    story({
      given: "the stay was moved by one command, and moved back by another",
      when: "the first of the two is delivered once more",
      wanted: "its answer, version 2, repeated; three events in the stream",
    });
    const store = inMemoryEventStore();
    const { side } = sideOf(store);
    await attempt(side, createReservation);
    await attempt(side, changeTheStay);
    const data = { ...changeStay.data, stay: twoNights };
    await attempt(side, delivered(9, { type: "ChangeStay", data }));
    expect(await attempt(side, changeTheStay)).toMatchObject({ version: 2, repeated: true });
    expect(await versionsIn(store)).toHaveLength(3);
  });

  it("that comes twice at the same moment is answered with what was stored", async () => {
    story({
      given: "v1 created; while a confirmation of 13:00 is decided, a delivery of 12:00 is stored",
      when: "the one of 13:00 goes on",
      wanted: "version 2, repeated, confirmed at 12:00: what is in the stream",
      costs: "two screens show two times for one confirmation, and the guest's mail a third",
    });
    const { store } = await todays(created);
    const at = (hour: number) => {
      const data = { reservationId, now: `2030-01-01T${hour}:00:00.000Z` };
      return delivered(2, { type: "ConfirmReservation", data });
    };
    const intervening = interveningStore(store, {
      beforeAppend: (nth) => (nth === 1 ? attempt(sideOf(store).side, at(12)) : undefined),
    });
    const result = await intervening.untilTired(attempt(sideOf(intervening).side, at(13)));
    expect(result).toMatchObject({ version: 2, repeated: true });
    expect(result.events.map(({ data }) => data)).toEqual([
      { reservationId, confirmedAt: "2030-01-01T12:00:00.000Z" },
    ]);
  });

  it("that expects another version is a conflict, and is not tried again", async () => {
    story({
      given: "v1 created, v2 confirmed",
      when: "it is cancelled by a client that has seen version 1",
      wanted: "ConcurrencyConflict, expected 1, actual 2; nothing stored",
      costs: "who decides by an old screen undoes what somebody else has just done",
    });
    const { store } = await todays(created, confirmed);
    let waits = 0;
    const wait = async (): Promise<void> => {
      waits += 1;
    };
    const conflict = await thrownBy(() =>
      handle(sideOf(store).side, cancelReservation, { expectedVersion: 1, wait }),
    );
    expect(waits, "waits for another attempt").toBe(0);
    expect(conflict).toMatchObject({
      name: "ConcurrencyConflict",
      expected: 1,
      actual: 2,
    });
    expect(await versionsIn(store)).toHaveLength(2);
  });

  it("that always comes too late is given up after its last attempt", async () => {
    story({
      given: "v1 created; somebody else is faster each time",
      when: "it is confirmed, with three attempts",
      wanted: "ConcurrencyConflict, after two waits",
      costs: "one busy reservation, and a command turns round for ever with its connection",
    });
    const { store } = await todays(created);
    const append = () => Promise.reject(new ConcurrencyConflict(reservationId, 1, 2));
    let waits = 0;
    const wait = async (): Promise<void> => {
      waits += 1;
      if (waits > 10) throw new Error("it is tried for ever");
    };
    const { side } = sideOf({ ...store, append });
    const late = await thrownBy(() => handle(side, confirmReservation, { maxAttempts: 3, wait }));
    expect(late).toMatchObject({ name: "ConcurrencyConflict" });
    expect(waits, "waits for another attempt").toBe(2);
  });

  it("that could not be stored fails at once, and the stream is not read once more", async () => {
    story({
      given: "v1 created, and a database that goes away at the append",
      when: "it is confirmed",
      wanted: "the database's error; one row read, by the load",
      costs: "the database is overloaded, and each command that fails reads its whole stream again",
    });
    const { store } = await todays(created);
    const append = () => Promise.reject(new Error("Connection terminated unexpectedly"));
    const { side } = sideOf({ ...store, append });
    const failure = await thrownBy(() => attempt(side, confirmReservation));
    expect(failure).toMatchObject({ message: "Connection terminated unexpectedly" });
    expect(store.eventsRead(), "rows read").toBe(1);
  });

  it("that expects another version is a conflict, also where the domain would refuse it", async () => {
    story({
      given: "v1 created, v2 cancelled",
      when: "the stay is changed by a client that has seen version 1",
      wanted: "ConcurrencyConflict, expected 1, actual 2: it has not seen yet why",
      costs:
        "`not allowed`, says the page, and shows the reservation as if it were: the desk calls you",
    });
    const { store } = await todays(created, cancelled);
    const conflict = await thrownBy(() => attempt(sideOf(store).side, changeTheStay, 1));
    expect(conflict).toMatchObject({ name: "ConcurrencyConflict", expected: 1, actual: 2 });
  });

  it("that expects the version it was decided at is repeated all the same", async () => {
    story({
      given: "v1 created; confirmed by a client that expects version 1",
      when: "the same is delivered once more, and the stream is at version 2",
      wanted: "version 2, repeated; no conflict",
    });
    const { store } = await todays(created);
    const { side } = sideOf(store);
    await handle(side, confirmReservation, { expectedVersion: 1 });
    const again = await handle(side, confirmReservation, { expectedVersion: 1 });
    expect(again).toMatchObject({ version: 2, repeated: true });
  });

  it("decides anew when somebody else was faster", async () => {
    story({
      given: "v1 created; while a change of the stay is decided, somebody cancels",
      when: "the change is handled",
      wanted: "refused, reservation-cancelled: it was decided again on what is",
      costs: "a stay is changed that is cancelled: the room is given away, and the guest arrives",
    });
    const { store } = await todays(created);
    const intervening = interveningStore(store, {
      beforeAppend: (nth) =>
        nth === 1
          ? store.append(reservationId, [newEvent(cancelled, { schemaVersion: 2 })], 1)
          : undefined,
    });
    const refused = await thrownBy(() =>
      handle(sideOf(intervening).side, changeTheStay, {
        wait: async () => undefined,
      }),
    );
    expect(refused).toMatchObject({ code: "reservation-cancelled" });
  });

  it("to a reservation of the first release is decided on what it says today", async () => {
    story({
      given: "reservation-2 of the first release: created, confirmed, moved; in euros",
      when: "it is cancelled",
      wanted: "v4 ReservationCancelled",
    });
    const store = await oldStore();
    const data = {
      reservationId: "reservation-2",
      reason: "plans changed",
      now: "2030-01-01T00:00:00.000Z",
    };
    const result = await attempt(
      sideOf(store).side,
      delivered(9, { type: "CancelReservation", data }),
    );
    expect(result).toMatchObject({ version: 4, repeated: false });
  });
});
