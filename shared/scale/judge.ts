/** Holds what clients were told, and what the read model shows, against the store. */

import { isDeepStrictEqual } from "node:util";
import type pg from "pg";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { upcast } from "../../solutions/11-versioning/upcast.ts";
import { belongsToBookings } from "../../solutions/12-saga/deciders.ts";
import { expectConserved } from "../../solutions/13-cqrs-demo/balance.ts";
import { lagOf } from "../../solutions/13-cqrs-demo/readiness.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import { readModelIn, viewOf } from "../testing/read-model.ts";
import type { Traffic } from "./traffic.ts";

export interface Verdict {
  readonly events: number;
  /** Acknowledged, and not where the answer said that they are. */
  readonly lost: readonly string[];
  /** Command ids under which one thing happened more than once. */
  readonly doubled: readonly string[];
  /** Rows of the read model, or of the replay, that the other has not got, or has otherwise. */
  readonly differences: readonly string[];
  /** What is wrong with rooms and credit; undefined where they are conserved. */
  readonly notConserved: string | undefined;
}

/** Waits until all is quiet, then judges. @param patience milliseconds until it judges anyway */
export async function judge(pool: pg.Pool, traffic: Traffic, patience = 60_000): Promise<Verdict> {
  const deadline = performance.now() + patience;
  let notConserved: string | undefined;
  for (;;) {
    notConserved = (await isQuiet(pool)) ? await whatIsNotConserved(pool, traffic) : "not quiet";
    if (notConserved === undefined || performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const events: EventEnvelope[] = [];
  for await (const event of postgresEventStore(pool).readAll()) events.push(event);
  return {
    events: events.length,
    lost: lostAmong(traffic, events),
    doubled: doubledIn(events),
    differences: await differences(pool, events),
    notConserved,
  };
}

export function isClean({ lost, doubled, differences, notConserved }: Verdict): boolean {
  return lost.length + doubled.length + differences.length === 0 && notConserved === undefined;
}

/** Published, projected, and no booking under way. */
async function isQuiet(pool: pg.Pool): Promise<boolean> {
  const { notPublished, notProjected } = await lagOf(pool);
  if (notPublished + notProjected > 0) return false;
  const { rows } = await pool.query<{ open: number }>(
    `select count(*)::integer as open
       from (select distinct on (stream_id) type from events
              where stream_id like 'booking-%' order by stream_id, version desc) as newest
      where type not in ('BookingCompleted', 'BookingCancelled', 'BookingParked')`,
  );
  return rows[0]?.open === 0;
}

/** What the bus has not told the bookings yet shows here, too: a cancelled stay whose room is still held. */
async function whatIsNotConserved(pool: pg.Pool, traffic: Traffic): Promise<string | undefined> {
  const { booked: reservationIds, hotelIds, guestIds } = traffic;
  const store = postgresEventStore(pool);
  try {
    await expectConserved(store, { hotelIds, guestIds, reservationIds });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function lostAmong({ acknowledged }: Traffic, events: readonly EventEnvelope[]): string[] {
  const stored = new Map(
    events.map(({ streamId, version, metadata }) => [`${streamId} ${version}`, metadata.commandId]),
  );
  return acknowledged
    .filter(
      ({ streamId, version, commandId }) => stored.get(`${streamId} ${version}`) !== commandId,
    )
    .map(({ streamId, version }) => `${streamId} v${version}`);
}

function doubledIn(events: readonly EventEnvelope[]): string[] {
  const seen = new Set<string>();
  return events.flatMap(({ streamId, type, metadata }) => {
    const key = `${streamId} ${type} ${metadata.commandId}`;
    if (seen.has(key)) return [key];
    seen.add(key);
    return [];
  });
}

async function differences(pool: pg.Pool, events: readonly EventEnvelope[]): Promise<string[]> {
  const ours: EventEnvelope<ReservationEvent>[] = [];
  const last = new Map<string, EventEnvelope>();
  for (const event of events) {
    last.set(event.streamId, event);
    if (!belongsToBookings(event)) ours.push(...upcast(event));
  }
  const streams = [...last.values()].map(
    ({ streamId, version, position }) => `${streamId} at version ${version}, position ${position}`,
  );
  const replayed = { ...viewOf(ours), streams: streams.sort() };
  const shown = await readModelIn(pool);
  if (isDeepStrictEqual(replayed, shown)) return [];
  return (["reservations", "occupancy", "streams"] as const).flatMap((part) => {
    const [wanted, actual] = [replayed, shown].map(
      (model) => new Set(model[part].map((row) => JSON.stringify(row))),
    );
    const missing = [...(wanted ?? [])].filter((row) => !actual?.has(row));
    const tooMany = [...(actual ?? [])].filter((row) => !wanted?.has(row));
    return [...missing.map((row) => `missing ${row}`), ...tooMany.map((row) => `wrong ${row}`)];
  });
}
