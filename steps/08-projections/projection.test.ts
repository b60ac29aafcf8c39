import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { DomainEvent, EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import { emptyReadModel, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  cancelled,
  confirmed,
  created,
  reservationId,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import { whileLocked } from "../../shared/testing/while-locked.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
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

describe("a query", () => {
  it("shows the row of a reservation", async () => {
    await insertPendingRow(database.pool);
    expect(await findReservation(database.pool, "reservation-1")).toEqual({
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
    await insertPendingRow(database.pool);
    expect(await findReservation(database.pool, "reservation-2")).toBeUndefined();
  });

  it("reads what was projected, and replays no events", async () => {
    await insertPendingRow(database.pool);
    const store = postgresEventStore(database.pool);
    await stored([created, confirmed], "reservation-1", store);
    await stored([of("reservation-2", created)], "reservation-2", store);
    expect(await findReservation(database.pool, "reservation-1")).toMatchObject({
      status: "pending",
    });
    expect(await findReservation(database.pool, "reservation-2")).toBeUndefined();
  });
});

describe("an event applied to the view", () => {
  /** Applies the events in order, without guard and checkpoint. */
  async function apply(events: readonly EventEnvelope[]): Promise<void> {
    for (const event of events) await applyToView(database.pool, event);
  }

  it("makes a row of a created reservation, which takes no rooms yet", async () => {
    const history = recorded(reservationId, [created]);
    await apply(history);
    const { reservations, occupancy } = viewOf(history);
    expect(await readModelIn(database.pool)).toMatchObject({ reservations, occupancy });
  });

  it("takes a room for each night of a confirmed one, not for the day of departure", async () => {
    await apply(recorded(reservationId, [created, confirmed]));
    expect(await readModelIn(database.pool)).toMatchObject({
      reservations: [{ status: "confirmed" }],
      occupancy: ["hotel-1 2030-05-01: 1", "hotel-1 2030-05-02: 1"],
    });
  });

  it("counts two reservations of the same night as two", async () => {
    await apply(recorded(reservationId, [created, confirmed]));
    const other = { ...created, data: { ...created.data, stay: stayChanged.data.to } };
    await apply(
      recorded("reservation-2", [of("reservation-2", other), of("reservation-2", confirmed)]),
    );
    expect(await readModelIn(database.pool)).toMatchObject({
      occupancy: [
        "hotel-1 2030-05-01: 1",
        "hotel-1 2030-05-02: 2",
        "hotel-1 2030-05-03: 1",
        "hotel-1 2030-05-04: 1",
      ],
    });
  });

  it("moves the stay of a pending reservation without taking rooms", async () => {
    await apply(recorded(reservationId, [created, stayChanged]));
    expect(await readModelIn(database.pool)).toMatchObject({
      reservations: [{ arrival: "2030-05-02", departure: "2030-05-05", total: "36000 EUR" }],
      occupancy: [],
    });
  });

  it("moves the rooms with the stay of a confirmed one", async () => {
    await apply(recorded(reservationId, [created, confirmed, stayChanged]));
    expect(await readModelIn(database.pool)).toMatchObject({
      reservations: [{ status: "confirmed", arrival: "2030-05-02", departure: "2030-05-05" }],
      occupancy: ["hotel-1 2030-05-02: 1", "hotel-1 2030-05-03: 1", "hotel-1 2030-05-04: 1"],
    });
  });

  it("gives the rooms of a confirmed one back when it is cancelled", async () => {
    await apply(recorded(reservationId, [created, confirmed, stayChanged, cancelled]));
    expect(await readModelIn(database.pool)).toMatchObject({
      reservations: [{ status: "cancelled", cancellationReason: "plans changed" }],
      occupancy: [],
    });
  });

  it("gives nothing back for a pending one, which had taken none", async () => {
    await apply(recorded(reservationId, [created, cancelled]));
    expect(await readModelIn(database.pool)).toMatchObject({
      reservations: [{ status: "cancelled" }],
      occupancy: [],
    });
  });

  it.each<ReservationEvent>([confirmed, stayChanged, cancelled])(
    "dates the row by when the event was recorded, not by a clock: $type",
    async (event) => {
      await apply(recorded<ReservationEvent>(reservationId, [created, event]));
      expect(await readModelIn(database.pool)).toMatchObject({
        reservations: [{ updatedAt: "2030-01-01T12:00:01.000Z" }],
      });
    },
  );
});

describe("the next event of a stream", () => {
  it("changes the view, and the checkpoint with it", async () => {
    const history = recorded(reservationId, [created, confirmed]);
    expect(await applyNext(database.pool, at(history, 1))).toBe(1);
    expect(await readModelIn(database.pool)).toEqual(viewOf(history.slice(0, 1)));
    expect(await applyNext(database.pool, at(history, 2))).toBe(2);
    expect(await readModelIn(database.pool)).toEqual(viewOf(history));
  });

  it("has no effect when it comes a second time", async () => {
    const history = recorded(reservationId, [created, confirmed, stayChanged]);
    for (const event of history) await applyNext(database.pool, event);
    expect(await applyNext(database.pool, at(history, 2))).toBe(3);
    expect(await applyNext(database.pool, at(history, 3))).toBe(3);
    expect(await readModelIn(database.pool)).toEqual(viewOf(history));
  });

  it("waits while an earlier one is missing", async () => {
    const history = recorded(reservationId, [created, confirmed, stayChanged]);
    await applyNext(database.pool, at(history, 1));
    expect(await applyNext(database.pool, at(history, 3))).toBe(1);
    expect(await readModelIn(database.pool)).toEqual(viewOf(history.slice(0, 1)));
  });

  it("leaves nothing behind when its type is unknown", async () => {
    const history = recorded(reservationId, [minibarEmptied]);
    await expect(applyNext(database.pool, at(history, 1))).rejects.toMatchObject({
      name: "UnknownEventType",
      type: "MinibarEmptied",
    });
    const { rows } = await database.pool.query("select stream_id from projected_streams");
    expect({ ...(await readModelIn(database.pool)), rows }).toEqual({ ...nothing, rows: [] });
  });

  it("is applied once, wherever the process dies and it comes again", async () => {
    const history = recorded(reservationId, [created, confirmed]);
    for (let statements = 0; ; statements++) {
      await emptyReadModel(database.pool);
      await applyNext(database.pool, at(history, 1));
      const dying = crashingPool(database.pool, statements);
      await applyNext(dying.pool, at(history, 2)).catch((error: Error) => {
        if (error.name !== "Crash") throw error;
      });
      await applyNext(database.pool, at(history, 2));
      expect(await readModelIn(database.pool), `dead before statement ${statements + 1}`).toEqual(
        viewOf(history),
      );
      if (!dying.hasCrashed) break;
    }
  });

  it("is applied once by two consumers that have it at the same moment", async () => {
    const history = recorded(reservationId, [created, confirmed]);
    await applyNext(database.pool, at(history, 1));
    await whileLocked(database.pool, "projected_streams", () => [
      applyNext(database.pool, at(history, 2)),
      applyNext(database.pool, at(history, 2)),
    ]);
    expect(await readModelIn(database.pool)).toEqual(viewOf(history));
  });
});

describe("an event that comes", () => {
  it("is projected, and skipped when it comes again", async () => {
    const { store, history } = await stored([created, confirmed]);
    for (const version of [1, 1, 2, 1, 2]) {
      await project(database.pool, store, at(history, version));
    }
    expect(await readModelIn(database.pool)).toEqual(viewOf(history));
  });

  it("too early has what is missing before it fetched from the store", async () => {
    const { store, history } = await stored([created, confirmed, stayChanged, cancelled]);
    await project(database.pool, store, at(history, 3));
    expect(await readModelIn(database.pool)).toEqual(viewOf(history.slice(0, 3)));
  });

  it("in any order leaves the read model of the right order", async () => {
    const { store, history } = await stored([created, confirmed, stayChanged]);
    for (const version of [2, 3, 1]) await project(database.pool, store, at(history, version));
    expect(await readModelIn(database.pool)).toEqual(viewOf(history));
  });

  it("over a gap that the store cannot fill is refused, and not applied", async () => {
    const { history } = await stored([created, confirmed]);
    await expect(
      project(database.pool, inMemoryEventStore(), at(history, 2)),
    ).rejects.toMatchObject({
      name: "MissingEvents",
      streamId: "reservation-1",
      version: 2,
      reached: 0,
    });
    expect(await readModelIn(database.pool)).toEqual(nothing);
  });

  it("after a gap needs no second connection while it holds one", async () => {
    const single = database.newPool({ max: 1, connectionTimeoutMillis: 2_000 });
    const { store, history } = await stored(
      [created, confirmed, stayChanged],
      reservationId,
      postgresEventStore(single),
    );
    await project(single, store, at(history, 3));
    expect(await readModelIn(database.pool)).toEqual(viewOf(history));
  });

  it("of an unknown type is refused, also where it fills a gap", async () => {
    const { store, history } = await stored([created, minibarEmptied, confirmed]);
    await expect(project(database.pool, store, at(history, 3))).rejects.toMatchObject({
      name: "UnknownEventType",
      type: "MinibarEmptied",
    });
    expect(await readModelIn(database.pool)).toEqual(viewOf([{ ...at(history, 1), ...created }]));
  });

  it("first of its stream is applied once, when two consumers begin it at the same moment", async () => {
    const { store, history } = await stored([created, confirmed]);
    await whileLocked(database.pool, "projected_streams", () => [
      project(database.pool, store, at(history, 2)),
      project(database.pool, store, at(history, 1)),
    ]);
    expect(await readModelIn(database.pool)).toEqual(viewOf(history));
  });
});
