import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { DomainEvent, EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { untilItListens } from "../../shared/testing/listening.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import { emptyReadModel, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  cancelled,
  confirmed,
  created,
  reservationId,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { whileLocked } from "../../shared/testing/while-locked.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { waitForVersion } from "../../solutions/08-projections/read-your-writes.ts";
import { findReservation as referenceFind } from "../../solutions/08-projections/reservations-view.ts";
import { applyToView } from "./apply-to-view.ts";
import { applyNext, project } from "./projection.ts";
import { findReservation } from "./reservations-view.ts";

const database = useDatabase(8);

const minibarEmptied: DomainEvent = { type: "MinibarEmptied", data: {} };

const nothing = { reservations: [], occupancy: [], streams: [] };

/** The same event, of another reservation. */
function of<Event extends ReservationEvent>(id: string, event: Event): Event {
  return { ...event, data: { ...event.data, reservationId: id } };
}

/** A store that holds this stream, and the stream's events as it recorded them. */
async function stored<Event extends DomainEvent>(
  events: readonly Event[],
  streamId = reservationId,
  store: EventStore = inMemoryEventStore(),
): Promise<{ readonly store: EventStore; readonly history: readonly EventEnvelope<Event>[] }> {
  await store.append(
    streamId,
    events.map((event) => newEvent(event)),
    "no-stream",
  );
  const history: EventEnvelope<Event>[] = [];
  for await (const event of store.readStream(streamId)) history.push(event as EventEnvelope<Event>);
  return { store, history };
}

/** The event at this version of a history. */
function at<Event extends DomainEvent>(
  history: readonly EventEnvelope<Event>[],
  version: number,
): EventEnvelope<Event> {
  const event = history[version - 1];
  if (!event) throw new RangeError(`The history has no version ${version}.`);
  return event;
}

async function insertPendingRow(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into reservations_view
       (reservation_id, hotel_id, guest_id, room_type, guests, status, arrival, departure,
        total_amount, total_currency, updated_at)
     values ('reservation-1', 'hotel-1', 'guest-1', 'double', 2, 'pending', '2030-05-01', '2030-05-03',
             24000, 'EUR', '2030-01-10T09:00:00Z')`,
  );
}

const readModel = "the read model";

describe("a query", () => {
  costs("the desk looks a guest up, and waits while 40 events are read, or sees no guest at all");

  it("shows the row of a reservation", async () => {
    story({
      given: "reservations_view has a row reservation-1, 2030-05-01 → 05-03",
      when: "reservation-1 is looked up",
      wanted: "the row as toRow shows it: stay, nights, total, and all the rest",
    });
    await insertPendingRow(database.pool);
    expect(await findReservation(database.pool, "reservation-1"), "what is found").toEqual({
      reservationId: "reservation-1",
      hotelId: "hotel-1",
      guestId: "guest-1",
      roomType: "double",
      guests: 2,
      status: "pending",
      stay: { arrival: "2030-05-01", departure: "2030-05-03" },
      nights: 2,
      total: { amount: 24000, currency: "EUR" },
      cancellationReason: null,
      updatedAt: "2030-01-10T09:00:00.000Z",
    });
  });

  it("is undefined where there is no row", async () => {
    story({
      given: "reservations_view has reservation-1 only",
      when: "reservation-2 is looked up",
      wanted: "undefined",
    });
    await insertPendingRow(database.pool);
    const found = await findReservation(database.pool, "reservation-2");
    expect(found, "what is found").toBeUndefined();
  });

  it("reads what was projected, and replays no events", async () => {
    story({
      given: "the store has reservation-1 as confirmed, and reservation-2, too",
      when: "both are looked up; the view has one row, reservation-1, pending",
      wanted: "reservation-1 as pending, reservation-2 as undefined",
    });
    await insertPendingRow(database.pool);
    const store = postgresEventStore(database.pool);
    await stored([created, confirmed], "reservation-1", store);
    await stored([of("reservation-2", created)], "reservation-2", store);
    const found = await findReservation(database.pool, "reservation-1");
    expect(found, "reservation-1").toMatchObject({ status: "pending" });
    const absent = await findReservation(database.pool, "reservation-2");
    expect(absent, "reservation-2").toBeUndefined();
  });
});

describe("an event applied to the view", () => {
  costs("the board says 11 of 12 rooms are taken, and six guests arrive");

  /** Applies the events in order, without guard and checkpoint. */
  async function apply(events: readonly EventEnvelope[]): Promise<void> {
    for (const event of events) await applyToView(database.pool, event);
  }

  it("makes a row of a created reservation, which takes no rooms yet", async () => {
    story({
      given: "an empty view",
      when: "ReservationCreated, hotel-1, 2030-05-01 → 05-03, is applied",
      wanted: "a pending row with what the event says; no rooms are taken",
    });
    const history = recorded(reservationId, [created]);
    await apply(history);
    const { reservations, occupancy } = viewOf(history);
    expect(await readModelIn(database.pool), readModel).toMatchObject({ reservations, occupancy });
  });

  it("takes a room for each night of a confirmed one, not for the day of departure", async () => {
    story({
      given: "a pending row in hotel-1, 2030-05-01 → 05-03",
      when: "ReservationConfirmed is applied",
      wanted: "confirmed; one room more on 1 May and on 2 May, none on 3 May",
    });
    await apply(recorded(reservationId, [created, confirmed]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "confirmed" }],
      occupancy: ["hotel-1 2030-05-01: 1", "hotel-1 2030-05-02: 1"],
    });
  });

  it("counts two reservations of the same night as two", async () => {
    story({
      given: "reservation-1 is confirmed in hotel-1, 2030-05-01 → 05-03",
      when: "reservation-2, 2030-05-02 → 05-05, is created and confirmed, too",
      wanted: "1, 2, 1, 1 rooms from 1 to 4 May",
    });
    await apply(recorded(reservationId, [created, confirmed]));
    const other = { ...created, data: { ...created.data, stay: stayChanged.data.to } };
    await apply(
      recorded("reservation-2", [of("reservation-2", other), of("reservation-2", confirmed)]),
    );
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      occupancy: [
        "hotel-1 2030-05-01: 1",
        "hotel-1 2030-05-02: 2",
        "hotel-1 2030-05-03: 1",
        "hotel-1 2030-05-04: 1",
      ],
    });
  });

  it("moves the stay of a pending reservation without taking rooms", async () => {
    story({
      given: "a pending row, 2030-05-01 → 05-03",
      when: "StayChanged to 2030-05-02 → 05-05, 360.00 EUR, is applied",
      wanted: "the new stay and the new total; still no rooms",
    });
    await apply(recorded(reservationId, [created, stayChanged]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ arrival: "2030-05-02", departure: "2030-05-05", total: "36000 EUR" }],
      occupancy: [],
    });
  });

  it("moves the rooms with the stay of a confirmed one", async () => {
    story({
      given: "a confirmed row, 2030-05-01 → 05-03, with a room on 1 and 2 May",
      when: "StayChanged to 2030-05-02 → 05-05 is applied",
      wanted: "the new stay; a room on 2, 3 and 4 May, none on 1 May any more",
    });
    await apply(recorded(reservationId, [created, confirmed, stayChanged]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "confirmed", arrival: "2030-05-02", departure: "2030-05-05" }],
      occupancy: ["hotel-1 2030-05-02: 1", "hotel-1 2030-05-03: 1", "hotel-1 2030-05-04: 1"],
    });
  });

  it("gives the rooms of a confirmed one back when it is cancelled", async () => {
    story({
      given: "a confirmed row, 2030-05-02 → 05-05, with a room on each night",
      when: "ReservationCancelled is applied",
      wanted: "cancelled, with the event's reason; no rooms are taken",
    });
    await apply(recorded(reservationId, [created, confirmed, stayChanged, cancelled]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "cancelled", cancellationReason: "plans changed" }],
      occupancy: [],
    });
  });

  it("gives nothing back for a pending one, which had taken none", async () => {
    story({
      given: "a pending row, no rooms taken",
      when: "ReservationCancelled is applied",
      wanted: "cancelled; the rooms stay at 0, not at -1",
    });
    await apply(recorded(reservationId, [created, cancelled]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "cancelled" }],
      occupancy: [],
    });
  });

  it.each<ReservationEvent>([confirmed, stayChanged, cancelled])(
    "leaves the rows of all others as they are: $type",
    async (event) => {
      story({
        given: "reservation-1 and reservation-2, both created",
        when: `${event.type} of reservation-1 is applied`,
        wanted: "reservation-2 is as it was",
        costs: "an update without a where: one guest cancels, and every booking is cancelled",
      });
      await apply(recorded("reservation-2", [of("reservation-2", created)]));
      const before = await referenceFind(database.pool, "reservation-2");
      await apply(recorded<ReservationEvent>(reservationId, [created, event]));
      const after = await referenceFind(database.pool, "reservation-2");
      expect(after, "the row of reservation-2").toMatchObject({ status: "pending" });
      expect(after, "the row of reservation-2").toEqual(before);
    },
  );

  it.each<ReservationEvent>([confirmed, stayChanged, cancelled])(
    "dates the row by when the event was recorded, not by a clock: $type",
    async (event) => {
      story({
        given: "a row that was created",
        when: `${event.type} is applied, recorded at 2030-01-01T12:00:01Z`,
        wanted: "updatedAt is that time",
        costs: "a view that is built anew has another date in each row: nobody can compare the two",
      });
      await apply(recorded<ReservationEvent>(reservationId, [created, event]));
      expect(await readModelIn(database.pool), readModel).toMatchObject({
        reservations: [{ updatedAt: "2030-01-01T12:00:01.000Z" }],
      });
    },
  );
});

describe("the next event of a stream", () => {
  costs("340 nights have a count that no query can explain");

  it("is announced to those who wait for it", async () => {
    story({
      given: "a client waits for v1 of reservation-1, and would ask again in a minute",
      when: "v1 ReservationCreated is applied",
      wanted: "the client is woken at once: announceProjected was called, after the commit",
      costs: "each click shows its effect one polling interval late, and nobody knows why",
    });
    const patient = { timeout: 60_000, pollEvery: 60_000 };
    const waiting = waitForVersion(database.setUpPool, reservationId, 1, patient);
    // Where nothing is announced it would wait on, and nobody would be there to hear it.
    waiting.catch(() => {});
    await untilItListens(database.pool, waiting);
    await applyNext(database.pool, at(recorded(reservationId, [created]), 1));
    const woken = soon(waiting, "v1 is in the read model, and the client still waits");
    expect(await woken, "what the client gets").toBeUndefined();
  });

  it("changes the view, and the checkpoint with it", async () => {
    story({
      given: "nothing is projected",
      when: "v1 ReservationCreated is applied, then v2 ReservationConfirmed",
      wanted: "the answers 1 and 2; each event in the view, and in its checkpoint",
    });
    const history = recorded(reservationId, [created, confirmed]);
    expect(await applyNext(database.pool, at(history, 1)), "the answer to v1").toBe(1);
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history.slice(0, 1)));
    expect(await applyNext(database.pool, at(history, 2)), "the answer to v2").toBe(2);
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });

  it("has no effect when it comes a second time", async () => {
    story({
      given: "v1, v2 and v3 of reservation-1 are in the view",
      when: "v2 comes again, then v3",
      wanted: "both are answered with 3, the version reached; nothing changes",
      costs: "the broker delivers again, and the room is counted twice",
    });
    const history = recorded(reservationId, [created, confirmed, stayChanged]);
    for (const event of history) await applyNext(database.pool, event);
    expect(await applyNext(database.pool, at(history, 2)), "the answer to v2").toBe(3);
    expect(await applyNext(database.pool, at(history, 3)), "the answer to v3").toBe(3);
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });

  it("waits while an earlier one is missing", async () => {
    story({
      given: "v1 of reservation-1 is in the view",
      when: "v3 comes, and v2 has not come yet",
      wanted: "the answer 1, the version reached; nothing changes",
      costs: "v2 is skipped for good: in the view the guest is never confirmed",
    });
    const history = recorded(reservationId, [created, confirmed, stayChanged]);
    await applyNext(database.pool, at(history, 1));
    expect(await applyNext(database.pool, at(history, 3)), "the answer to v3").toBe(1);
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history.slice(0, 1)));
  });

  it("leaves nothing behind when its type is unknown", async () => {
    story({
      given: "nothing is projected",
      when: "v1 comes, a MinibarEmptied, which no code here knows",
      wanted: "UnknownEventType is thrown; no row of any table stays",
      costs: "it counts as seen, and is missing when the code has learnt its type",
    });
    const history = recorded(reservationId, [minibarEmptied]);
    const applying = applyNext(database.pool, at(history, 1));
    await expect(applying, "what comes of v1").rejects.toMatchObject({
      name: "UnknownEventType",
      type: "MinibarEmptied",
    });
    const { rows } = await database.pool.query("select stream_id from projected_streams");
    const left = { ...(await readModelIn(database.pool)), rows };
    expect(left, "what is left in the tables").toEqual({ ...nothing, rows: [] });
  });

  it("is applied once, wherever the process dies and it comes again", async () => {
    const history = recorded(reservationId, [created, confirmed]);
    for (let statements = 0; ; statements++) {
      story({
        given: "v1 of reservation-1 is in the view; v2 ReservationConfirmed comes",
        when: `the process dies before its statement ${statements + 1}; v2 comes again`,
        wanted: "v2 is in once: one room for each night, the checkpoint at 2",
      });
      await emptyReadModel(database.pool);
      await applyNext(database.pool, at(history, 1));
      const dying = crashingPool(database.pool, statements);
      await applyNext(dying.pool, at(history, 2)).catch((error: Error) => {
        if (error.name !== "Crash") throw error;
      });
      await applyNext(database.pool, at(history, 2));
      expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
      if (!dying.hasCrashed) break;
    }
  });

  it("is applied once by two consumers that have it at the same moment", async () => {
    story({
      given: "v1 of reservation-1 is in the view",
      when: "two consumers apply v2 ReservationConfirmed side by side",
      wanted: "one applies it, the other waits, then skips it: one room a night",
    });
    const history = recorded(reservationId, [created, confirmed]);
    await applyNext(database.pool, at(history, 1));
    await whileLocked(database.pool, "projected_streams", () => [
      applyNext(database.pool, at(history, 2)),
      applyNext(database.pool, at(history, 2)),
    ]);
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });
});

describe("an event that comes", () => {
  costs("events come twice and out of order each day; the view drifts away from what happened");

  it("is projected, and skipped when it comes again", async () => {
    story({
      given: "the store has v1 ReservationCreated and v2 ReservationConfirmed",
      when: "the bus delivers v1, v1, v2, v1, v2",
      wanted: "the view of v1 and v2, each once",
    });
    const { store, history } = await stored([created, confirmed]);
    for (const version of [1, 1, 2, 1, 2]) {
      await project(database.pool, store, at(history, version));
    }
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });

  it("too early has what is missing before it fetched from the store", async () => {
    story({
      given: "the store has v1 to v4 of reservation-1; nothing is projected",
      when: "the bus delivers v3",
      wanted: "v1, v2 and v3 are in the view; v4, which has not come yet, is not",
    });
    const { store, history } = await stored([created, confirmed, stayChanged, cancelled]);
    await project(database.pool, store, at(history, 3));
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history.slice(0, 3)));
  });

  it("in any order leaves the read model of the right order", async () => {
    story({
      given: "the store has v1, v2 and v3 of reservation-1",
      when: "the bus delivers v2, v3, v1",
      wanted: "the view of v1, v2, v3",
    });
    const { store, history } = await stored([created, confirmed, stayChanged]);
    for (const version of [2, 3, 1]) await project(database.pool, store, at(history, version));
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });

  it("over a gap that the store cannot fill is refused, and not applied", async () => {
    story({
      given: "the store is empty, and so is the view",
      when: "the bus delivers v2 of reservation-1",
      wanted: "MissingEvents: version 2 came, 0 is reached; nothing is written",
      costs: "a confirmation without its booking: a row that no event explains",
    });
    const { history } = await stored([created, confirmed]);
    const projecting = project(database.pool, inMemoryEventStore(), at(history, 2));
    await expect(projecting, "what comes of v2").rejects.toMatchObject({
      name: "MissingEvents",
      streamId: "reservation-1",
      version: 2,
      reached: 0,
    });
    expect(await readModelIn(database.pool), readModel).toEqual(nothing);
  });

  it("after a gap needs no second connection while it holds one", async () => {
    story({
      given: "v1 to v3 in the store; view and store share a pool of 1 connection",
      when: "the bus delivers v3",
      wanted: "v1 to v3 are in the view: the store is read between transactions",
      costs: "ten gaps at once hold ten connections, and wait for an eleventh",
    });
    const single = database.newPool({ max: 1, connectionTimeoutMillis: 2_000 });
    const { store, history } = await stored(
      [created, confirmed, stayChanged],
      reservationId,
      postgresEventStore(single),
    );
    await project(single, store, at(history, 3));
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });

  it("of an unknown type is refused, also where it fills a gap", async () => {
    story({
      given: "the store has v1, v2 of the unknown type MinibarEmptied, and v3",
      when: "the bus delivers v3",
      wanted: "UnknownEventType is thrown; v1 is in the view, v2 and v3 are not",
    });
    const { store, history } = await stored([created, minibarEmptied, confirmed]);
    const projecting = project(database.pool, store, at(history, 3));
    await expect(projecting, "what comes of v3").rejects.toMatchObject({
      name: "UnknownEventType",
      type: "MinibarEmptied",
    });
    expect(await readModelIn(database.pool), readModel).toEqual(
      viewOf([{ ...at(history, 1), ...created }]),
    );
  });

  it("first of its stream is applied once, when two consumers begin it at the same moment", async () => {
    story({
      given: "v1 and v2 are in the store, and nothing is projected",
      when: "one consumer gets v2, the other v1, at the same moment",
      wanted: "the view of v1 and v2, each once",
    });
    const { store, history } = await stored([created, confirmed]);
    await whileLocked(database.pool, "projected_streams", () => [
      project(database.pool, store, at(history, 2)),
      project(database.pool, store, at(history, 1)),
    ]);
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });
});
