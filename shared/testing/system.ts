/** Servers for a whole system in each test of step 13, and looks into it that use no code of its own. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type pg from "pg";
import { afterEach, beforeEach, expect } from "vitest";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { topologyFor } from "../../solutions/06-publishing/topology.ts";
import { queueNames } from "../../solutions/07-consuming/topology.ts";
import { firstRelease } from "../../solutions/11-versioning/first-release.ts";
import { upcast } from "../../solutions/11-versioning/upcast.ts";
import { belongsToBookings, guests, hotels } from "../../solutions/12-saga/deciders.ts";
import { handle } from "../../solutions/12-saga/handle.ts";
import { handleInput } from "../../solutions/12-saga/inbox.ts";
import type { Servers } from "../../solutions/13-cqrs-demo/parts.ts";
import type { Watch } from "../../solutions/13-cqrs-demo/watch.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { useBroker } from "./broker.ts";
import { type TestDatabase, useDatabase } from "./database.ts";
import { type ReadModel, readModelIn, viewOf } from "./read-model.ts";
import { shortened } from "./waiting.ts";

export interface TestServers {
  readonly database: TestDatabase;
  /** Where this test's system is: a bus of its own, with queues that are deleted after it; and who hears of its troubles. */
  servers(): Servers & { readonly watch: Watch };
  /** What the systems of this test have told of their troubles so far: the reason why something does not come. */
  readonly troubles: readonly Error[];
  /** What is ended after the test, the last first; also when the test has failed. */
  ends<T extends Ending>(running: T): T;
  /** The store, by the reference. */
  store(): EventStore;
}

type Ending = { stop(): Promise<void> } | { close(): Promise<void> };

/** Call it at the top of the file. */
export function useServers(): TestServers {
  const database = useDatabase(13);
  const broker = useBroker();
  const running: Ending[] = [];
  const troubles: Error[] = [];
  const watch: Watch = {
    onTrouble: (place, error) => void troubles.push(new Trouble(place, error)),
  };
  beforeEach(() => {
    troubles.length = 0;
  });
  // After the others' hooks in the file, so before them in time.
  afterEach(async () => {
    const endAll = async (): Promise<void> => {
      for (const each of running.splice(0).reverse()) {
        await ("stop" in each ? each.stop() : each.close());
      }
    };
    // Whole ends, also on a slow machine: a relay that lives on would keep the lock from the next test's.
    // One that never ends has failed its test already.
    await Promise.race([endAll(), delay(20_000, undefined, { ref: false })]);
  });
  return {
    database,
    servers() {
      const topology = topologyFor(broker.prefix, 1);
      broker.registerExchanges(topology.exchange);
      for (const name of ["reservations", "bookings"]) {
        broker.registerQueues(...queueNames(topology, name));
      }
      // Many systems at once, in tests side by side: a server has a hundred connections.
      return { databaseUrl: database.url, amqpUrl: broker.url, topology, connections: 4, watch };
    },
    ends(each) {
      running.push(each);
      return each;
    },
    store: () => postgresEventStore(database.setUpPool),
    troubles,
  };
}

/** `the projector: UnknownEventType: ...` */
class Trouble extends Error {
  override readonly name = "Trouble";

  constructor(place: string, cause: unknown) {
    super(`the ${place}: ${String(cause)}`, { cause });
  }

  override toString(): string {
    return this.message;
  }
}

/** Writes what the first release has left, as it left it. */
export async function writeFirstRelease(store: EventStore): Promise<void> {
  for (const { id, streamId, version, type, schemaVersion, data, metadata } of firstRelease) {
    await store.append(streamId, [{ id, type, schemaVersion, data, metadata }], version - 1);
  }
}

/** What the read model has to hold for all that is stored: folded and counted here, row by row. */
async function replayOf(store: EventStore): Promise<ReadModel> {
  const events: EventEnvelope<ReservationEvent>[] = [];
  const last = new Map<string, EventEnvelope>();
  for await (const row of store.readAll()) {
    last.set(row.streamId, row);
    if (!belongsToBookings(row)) events.push(...upcast(row));
  }
  const streams = [...last.values()].map(
    ({ streamId, version, position }) => `${streamId} at version ${version}, position ${position}`,
  );
  return { ...viewOf(events), streams: streams.sort() };
}

/**
 * Milliseconds for which the read model may be behind. An open transaction of anybody on the server holds
 * the relay back (06), and this server may be shared. Who waited in vain once waits less the next time, but not so
 * little that a busy machine is told as a second fault.
 */
let patience = 20_000;

/** Waits until the read model is what a replay of the store gives; both may go on meanwhile. */
export async function settled({ store, database, troubles }: TestServers): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    const wanted = await replayOf(store());
    const shown = await readModelIn(database.setUpPool);
    if (isDeepStrictEqual(shown, wanted)) return;
    if (performance.now() > end) {
      patience = 6_000;
      const lines = ["the read model, beside a replay of the store", ...inShort(troubles)];
      // How far it is says more than the rows that are missing, and on fewer lines.
      expect(shown.streams, lines.join("\n")).toEqual(wanted.streams);
      expect(shown, lines.join("\n")).toEqual(wanted);
    }
    await delay(10);
  }
}

/** The last different ones, a line each. */
function inShort(troubles: readonly Error[]): readonly string[] {
  const lines = troubles.map((trouble) => `trouble in ${shortened(trouble)}`);
  return [...new Set(lines.toReversed())].slice(0, 3);
}

/** One text for all that the read model holds. */
export async function hashOf(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ hash: string }>(
    `select md5(concat(
       (select string_agg(v::text, '|' order by reservation_id) from reservations_view v),
       (select string_agg(o::text, '|' order by hotel_id, night) from hotel_occupancy o where rooms <> 0),
       (select string_agg(s::text, '|' order by stream_id) from projected_streams s where version > 0)
     )) as hash`,
  );
  return rows[0]?.hash ?? "";
}

export const year = new Date().getUTCFullYear() + 1;
export const now = (inMinutes = 0): string =>
  new Date(Date.now() + inMinutes * 60_000).toISOString();

/** A command that creates a reservation for next year. */
export function creation(reservationId: string, hotelId = "hotel-1", guestId = "ada") {
  const command = {
    type: "CreateReservation",
    data: {
      reservationId,
      hotelId,
      guestId,
      roomType: "double",
      guests: 2,
      stay: { arrival: `${year}-05-01`, departure: `${year}-05-03` },
      pricePerNight: { amount: 12_000, currency: "EUR" },
      now: now(),
    },
  } as const;
  return { id: randomUUID(), command };
}

/** A hotel, a guest and a reservation, and the request for its booking. */
export async function requestBooking(
  store: EventStore,
  reservationId: string,
  create?: (command: ReturnType<typeof creation> & { correlationId: string }) => Promise<unknown>,
): Promise<string> {
  const correlationId = randomUUID();
  const id = randomUUID;
  const open = { hotelId: "astoria", rooms: { single: 0, double: 1, suite: 0 }, now: now() };
  await handle(store, hotels, { id: id(), command: { type: "OpenHotel", data: open } });
  const guest = { guestId: "ada", credit: { amount: 50_000, currency: "EUR" }, now: now() };
  await handle(store, guests, { id: id(), command: { type: "RegisterGuest", data: guest } });
  const creating = creation(reservationId, "astoria");
  await create?.({ ...creating, correlationId });
  const { hotelId, guestId, roomType, stay } = creating.command.data;
  const total = { amount: 24_000, currency: "EUR" };
  const data = { reservationId, hotelId, guestId, roomType, stay, total, expiresAt: now(15) };
  await handleInput(store, { id: id(), command: { type: "RequestBooking", data }, correlationId });
  return correlationId;
}
