/** `npm run play 10`: a long stream, loaded with and without a snapshot; and snapshots that lie. */

import { randomUUID } from "node:crypto";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { ReservationEvent, Stay } from "../01-aggregate/reservation-types.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { load } from "./load.ts";
import { schemaFiles } from "./schema.ts";
import { saveSnapshot } from "./snapshots.ts";
import { createSnapshots } from "./taking.ts";

const streamId = "reservation-1";
const now = "2030-01-10T09:00:00.000Z";
const money = { amount: 24_000, currency: "EUR" };
const stays: readonly [Stay, Stay] = [
  { arrival: "2030-05-01", departure: "2030-05-03" },
  { arrival: "2030-05-02", departure: "2030-05-04" },
];

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  try {
    await installSchemas(pool, schemaFiles);
    console.log(`A snapshot is a cache · ${postgres.label}\n`);
    await play(pool, postgresEventStore(pool));
  } finally {
    await pool.end();
  }
});

async function play(pool: pg.Pool, store: EventStore): Promise<void> {
  const snapshots = createSnapshots(pool, store, { everyEvents: 1_000, slowerThan: 1_000 });
  const show = async (what: string): Promise<void> => {
    const { version, snapshotVersion, milliseconds, state } = await load(pool, store, streamId);
    const from = snapshotVersion === 0 ? "from the first event" : `snapshot at ${snapshotVersion}`;
    console.log(
      `${what.padEnd(31)}${from.padEnd(22)}${`v${version}`.padEnd(7)}${state.status}${milliseconds.toFixed(1).padStart(8)} ms`,
    );
  };

  await append(store, 10, 0);
  await show("10 events");
  await append(store, 9_990, 10);
  await show("10,000 events");
  snapshots.offer(await snapshots.load(streamId));
  await snapshots.settled();
  await show("and a snapshot");
  await append(store, 5, 10_000);
  await show("5 events later");

  console.log("");
  const { state, eventId = "" } = await load(pool, store, streamId);
  await saveSnapshot(pool, { streamId, version: 3, eventId, state: { status: "none" } });
  await show("a late snapshot of version 3");
  await pool.query("update snapshots set state = replace(state, 'pending', 'confirmed')");
  await show("somebody edits the state");
  await pool.query("truncate snapshots");
  await saveSnapshot(pool, { streamId, version: 10_005, eventId: randomUUID(), state });
  await show("one of an event that never was");
  await pool.query("drop table snapshots");
  await show("the table is dropped");
}

async function append(store: EventStore, count: number, version: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => {
    const event = version + index === 0 ? created() : changed(index);
    return { ...event, id: randomUUID(), schemaVersion: 1, metadata: {} };
  });
  await store.append(streamId, events, version);
}

function created(): ReservationEvent {
  const room = { hotelId: "hotel-1", guestId: "guest-1", roomType: "double", guests: 2 } as const;
  const [stay] = stays;
  const details = { reservationId: streamId, ...room, stay, pricePerNight: money, total: money };
  return { type: "ReservationCreated", data: { ...details, createdAt: now } };
}

function changed(index: number): ReservationEvent {
  const [from, to] = index % 2 === 0 ? stays : [stays[1], stays[0]];
  const data = { reservationId: streamId, from, to, total: money, changedAt: now };
  return { type: "StayChanged", data };
}
