/** A long life, loaded with its snapshot and without: the same state, another time. Given. */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Pool } from "pg";
import type { NewEvent } from "../../shared/kernel/event.ts";
import { decide, evolve, initialState } from "../01-aggregate/reservation.ts";
import type {
  Reservation,
  ReservationCommand,
  ReservationEvent,
} from "../01-aggregate/reservation-types.ts";
import { newEvents } from "../05-command-handlers/command-handler.ts";
import type { Loaded } from "../10-snapshots/load.ts";
import { saveSnapshot } from "../10-snapshots/snapshots.ts";
import { load, type WriteSide } from "./write-side.ts";

/** The one reservation whose guest cannot decide. */
const streamId = "reservation-long-life";
const changes = 300;

export interface LoadTimes {
  readonly streamId: string;
  readonly version: number;
  /** Milliseconds, the median of some loads. */
  readonly withSnapshot: number;
  readonly without: number;
  /** How many snapshots there were, of all streams. */
  readonly dropped: number;
  readonly sameState: boolean;
}

/** Stores the long life, unless it is there. */
export async function prepareLongLife(side: WriteSide, now: string): Promise<void> {
  const { version } = await load(side, streamId);
  if (version === 0) await side.store.append(streamId, history(now), "no-stream");
}

/** Loads with a snapshot, drops all snapshots, loads again. */
export async function dropSnapshots(pool: Pool, side: WriteSide): Promise<LoadTimes> {
  const { state, version, eventId } = await load(side, streamId);
  if (eventId === undefined) throw new Error(`${streamId} has no events.`);
  await saveSnapshot(pool, { streamId, version, eventId, state });
  const before = await medianLoad(side);
  const { rowCount } = await pool.query("delete from snapshots");
  const after = await medianLoad(side);
  return {
    streamId,
    version: after.version,
    withSnapshot: before.milliseconds,
    without: after.milliseconds,
    dropped: rowCount ?? 0,
    sameState: isDeepStrictEqual(before.state, after.state),
  };
}

/** Created, and then moved to and fro. Decided like all else, and stored in one append. */
function history(now: string): readonly NewEvent[] {
  const year = Number(now.slice(0, 4)) + 1;
  const stay = (nights: number) => ({
    arrival: `${year}-03-01`,
    departure: `${year}-03-${String(1 + nights).padStart(2, "0")}`,
  });
  const create: ReservationCommand = {
    type: "CreateReservation",
    data: {
      ...{ reservationId: streamId, hotelId: "seaview", guestId: "hesitating", guests: 1 },
      ...{ roomType: "single", stay: stay(1), now },
      pricePerNight: { amount: 9_000, currency: "EUR" },
    },
  };
  const moves = Array.from({ length: changes }, (_, index): ReservationCommand => {
    return {
      type: "ChangeStay",
      data: { reservationId: streamId, stay: stay(2 + (index % 5)), now },
    };
  });
  let state: Reservation = initialState;
  return [create, ...moves].flatMap((command): readonly NewEvent<ReservationEvent>[] => {
    const events = decide(command, state);
    state = events.reduce(evolve, state);
    return newEvents({ id: randomUUID(), command }, events);
  });
}

async function medianLoad(side: WriteSide): Promise<Loaded> {
  const loads: Loaded[] = [];
  for (let round = 0; round < 7; round++) loads.push(await load(side, streamId));
  const sorted = loads.toSorted((one, other) => one.milliseconds - other.milliseconds);
  const middle = sorted[3];
  if (!middle) throw new Error("Nothing was loaded.");
  return middle;
}
