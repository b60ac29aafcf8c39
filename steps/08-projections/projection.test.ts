import { describe, expect, it } from "vitest";
import type { DomainEvent, EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { counted } from "../../shared/testing/connections.ts";
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
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { waitForVersion } from "../../solutions/08-projections/read-your-writes.ts";
import { applyNext, project } from "./projection.ts";

const database = useDatabase(8);

const minibarEmptied: DomainEvent = { type: "MinibarEmptied", data: {} };

const readModel = "the read model";
const nothing = { reservations: [], occupancy: [], streams: [] };

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
    const { pool, unanswered } = counted(database.setUpPool);
    const waiting = waitForVersion(pool, reservationId, 1, patient);
    // Where nothing is announced it would wait on, and nobody would be there to hear it.
    waiting.catch(() => {});
    await untilItListens(database.pool, waiting, unanswered);
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
    // Behind the checkpoint: whoever has not locked that has read it by now.
    await whileLocked(database.pool, ["reservations_view", "hotel_occupancy"], () => [
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

  it("too early has no more fetched than what is missing", async () => {
    story({
      given: "the store has v1 to v4 of reservation-1; v1 and v2 are in the view",
      when: "the bus delivers v4",
      wanted: "v3 and v4 are read from the store, and not what the view has already",
      costs: "a stream has 10,000 events, and each gap of one reads all of them again",
    });
    const { store, history } = await stored([created, confirmed, stayChanged, cancelled]);
    for (const version of [1, 2]) await project(database.pool, store, at(history, version));
    const read: number[] = [];
    const watched: EventStore = {
      ...store,
      async *readStream(...parameters) {
        for await (const event of store.readStream(...parameters)) {
          read.push(event.version);
          yield event;
        }
      },
    };
    await project(database.pool, watched, at(history, 4));
    expect(read, "the versions read from the store").toEqual([3, 4]);
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
    await whileLocked(database.pool, ["projected_streams"], () => [
      project(database.pool, store, at(history, 2)),
      project(database.pool, store, at(history, 1)),
    ]);
    expect(await readModelIn(database.pool), readModel).toEqual(viewOf(history));
  });
});

/** A store that holds this stream, and the stream's events as it recorded them. */
async function stored<Event extends DomainEvent>(
  events: readonly Event[],
  store: EventStore = inMemoryEventStore(),
): Promise<{ readonly store: EventStore; readonly history: readonly EventEnvelope<Event>[] }> {
  await store.append(
    reservationId,
    events.map((event) => newEvent(event)),
    "no-stream",
  );
  const history: EventEnvelope<Event>[] = [];
  for await (const event of store.readStream(reservationId)) {
    history.push(event as EventEnvelope<Event>);
  }
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
