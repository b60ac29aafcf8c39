import { describe, expect, it } from "vitest";
import { ConcurrencyConflict, DomainError } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { thrownBy } from "../../shared/testing/api.ts";
import { collect } from "../../shared/testing/collect.ts";
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
  cancelledReservation,
  changeStay,
  confirmed,
  confirmedReservation,
  created,
  reservationId,
  stayChanged,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { type History, putRow, snapshotAt, storeOf } from "../../shared/testing/snapshots.ts";
import { costs, story } from "../../shared/testing/story.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { firstRelease } from "../../solutions/11-versioning/first-release.ts";
import { stamping as stampedByReference } from "../../solutions/13-cqrs-demo/write-side.ts";
import {
  attempt,
  foldRows,
  handle,
  load,
  nothing,
  stamping,
  type WriteSide,
} from "./write-side.ts";

const database = useDatabase(13);
/** For tests without snapshots: there is no table to look into. */
const noSnapshots = { query: () => Promise.resolve({ rows: [] }) };

/** The write side on this store; what is offered as a snapshot is written down. */
function sideOf(store: EventStore, db: object = noSnapshots) {
  const offered: number[] = [];
  const snapshots = { offer: ({ version }: { version: number }) => void offered.push(version) };
  const side = { store: stampedByReference(store), db, snapshots } as WriteSide;
  return { side, offered };
}

/** A store that holds what the first release has written. */
async function oldStore(): Promise<EventStore> {
  const store = inMemoryEventStore();
  for (const { streamId, version, type, schemaVersion, data, id, metadata } of firstRelease) {
    await store.append(streamId, [{ id, type, schemaVersion, data, metadata }], version - 1);
  }
  return store;
}

async function versionsIn(store: EventStore, streamId = reservationId): Promise<readonly string[]> {
  const events: EventEnvelope[] = await collect(store.readStream(streamId));
  return events.map(({ type, schemaVersion }) => `${type} ${schemaVersion}`);
}

describe("a store that says which shape it is given", () => {
  costs("next year's upcaster takes today's prices for euros and multiplies them by a hundred");

  it("stamps the events of a reservation with today's schemaVersion", async () => {
    story({
      given: "events of all four types, made by step 05 with schemaVersion 1",
      when: "they are appended",
      wanted: "the versions that step 11 has counted: 3, 1, 2, 2",
    });
    const store = inMemoryEventStore();
    const events = [created, confirmed, stayChanged, cancelled].map((event) => newEvent(event));
    await stamping(store).append(reservationId, events, 0);
    expect(await versionsIn(store), "what is stored").toEqual([
      "ReservationCreated 3",
      "ReservationConfirmed 1",
      "StayChanged 2",
      "ReservationCancelled 2",
    ]);
  });

  it("leaves hotels, guests and bookings as they are, and hands everything on", async () => {
    story({
      given: "an event of a hotel, written twice with one id",
      when: "it is appended, expecting version 0",
      wanted: "schemaVersion 1; the store's own answer, `repeated` the second time",
      costs:
        "no hotel can be opened any more, and no guest be registered: 09:00, and nothing books",
    });
    const store = inMemoryEventStore();
    const data = { hotelId: "astoria", rooms: { single: 0, double: 1, suite: 0 }, openedAt: "" };
    const opened = newEvent({ type: "HotelOpened", data });
    const first = await stamping(store).append("hotel-astoria", [opened], 0);
    const second = await stamping(store).append("hotel-astoria", [opened], 0);
    expect([first.version, first.repeated, second.repeated]).toEqual([1, false, true]);
    expect(await versionsIn(store, "hotel-astoria")).toEqual(["HotelOpened 1"]);
    const late = await thrownBy(() =>
      stamping(store).append("hotel-astoria", [newEvent({ type: "HotelOpened", data })], 0),
    );
    expect(late).toBeInstanceOf(ConcurrencyConflict);
  });
});

describe("the rows of a reservation", () => {
  costs("a guest of the first release calls, and her reservation cannot be opened any more");

  it("are folded from the first on", async () => {
    story({
      given: "v1 created, v2 confirmed, v3 cancelled, as today writes them",
      when: "they are folded from nothing",
      wanted: "cancelled, at version 3, with the id of the last event",
    });
    const { store, history } = await todays(created, confirmed, cancelled);
    expect(await foldRows(store, reservationId, nothing)).toEqual({
      state: { ...cancelledReservation, confirmedAt: confirmedReservation.confirmedAt },
      version: 3,
      eventId: history.at(-1)?.id,
    });
  });

  it("are nothing where there are none", async () => {
    story({ when: "a stream without events is folded", wanted: "nothing, at version 0" });
    expect(await foldRows(inMemoryEventStore(), reservationId, nothing)).toEqual(nothing);
  });

  it("may be of any age, and be two events each", async () => {
    story({
      given: "reservation-1 of the first release: booked (created and confirmed), moved, cancelled",
      when: "it is folded",
      wanted: "at version 3 of the stream, cancelled, 193.05 EUR",
    });
    const folded = await foldRows(await oldStore(), "reservation-1", nothing);
    expect(folded?.version, "the version of the last row").toBe(3);
    expect(folded?.state).toMatchObject({
      status: "cancelled",
      hotelId: "grand-hotel",
      total: { amount: 19_305, currency: "EUR" },
    });
  });

  it("are read from the snapshot's event on", async () => {
    story({
      given: "four events, and a snapshot after the second",
      when: "they are folded onto the snapshot",
      wanted: "the state of all four; three rows read: the snapshot's own, and two behind it",
    });
    const { store, history } = await todays(created, confirmed, stayChanged, cancelled);
    const folded = await foldRows(store, reservationId, snapshotAt(history, 2));
    expect(folded).toMatchObject({ version: 4, eventId: history.at(-1)?.id });
    expect(folded?.state).toMatchObject({ status: "cancelled", stay: stayChanged.data.to });
    expect(store.eventsRead(), "rows read").toBe(3);
  });

  it("do not go on from a snapshot of something that has not happened here", async () => {
    story({
      given: "v1, v2, and a snapshot at v2 that ends with another event",
      when: "they are folded onto it",
      wanted: "undefined: the caller begins at the beginning",
    });
    const { store, history } = await todays(created, confirmed);
    const strange = { ...snapshotAt(history, 2), eventId: "00000000-0000-4000-8000-000000000000" };
    expect(await foldRows(store, reservationId, strange)).toBeUndefined();
  });

  it("do not go on from a snapshot that is ahead of them", async () => {
    story({
      given: "a backup of two events, and a snapshot at version 4 that was not restored with it",
      when: "they are folded onto it, and so is a stream that has no event at all",
      wanted: "undefined, both times: the caller begins at the beginning",
      costs: "commands are decided on a future that was taken back, and stored",
    });
    const { store } = await todays(created, confirmed);
    const { history } = await todays(created, confirmed, stayChanged, cancelled);
    const ahead = snapshotAt(history, 4);
    expect(await foldRows(store, reservationId, ahead), "of two events").toBeUndefined();
    expect(
      await foldRows(inMemoryEventStore(), reservationId, ahead),
      "of no event",
    ).toBeUndefined();
  });

  it("are all read when the snapshot is not believed, or its table is not there", async () => {
    story({
      given:
        "v1 created, v2 confirmed, with a snapshot of another history; then no database at all",
      when: "the reservation is loaded",
      wanted: "confirmed, at version 2, both times; what went wrong is reported",
    });
    const { store, history } = await todays(created, confirmed);
    const strange = { ...snapshotAt(history, 2), eventId: "00000000-0000-4000-8000-000000000000" };
    await putRow(database.setUpPool, strange);
    const loaded = await load(sideOf(store, database.pool).side, reservationId);
    expect(loaded).toMatchObject({ version: 2, snapshotVersion: 0, state: confirmedReservation });
    const problems: unknown[] = [];
    const broken = { query: () => Promise.reject(new Error("no database")) };
    const side = { ...sideOf(store, broken).side, report: (it: unknown) => void problems.push(it) };
    expect(await load(side, reservationId)).toMatchObject({ version: 2, snapshotVersion: 0 });
    expect(problems).toHaveLength(1);
  });
});

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
    const conflict = await thrownBy(() =>
      handle(sideOf(store).side, cancelReservation, { expectedVersion: 1 }),
    );
    expect(conflict).toMatchObject({
      name: "ConcurrencyConflict",
      expected: 1,
      actual: 2,
    });
    expect(await versionsIn(store)).toHaveLength(2);
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

/** A store with a reservation as today's code writes it. */
async function todays(...events: readonly ReservationEvent[]) {
  const { store } = await storeOf([]);
  const batch = events.map((event) => newEvent(event));
  await stampedByReference(store).append(reservationId, batch, 0);
  const history = await historyIn(store);
  store.eventsRead();
  return { store, history };
}

async function historyIn(store: EventStore): Promise<History> {
  return (await collect(store.readStream(reservationId))) as EventEnvelope<ReservationEvent>[];
}
