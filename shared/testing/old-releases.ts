/** Reservations as earlier releases have written them (step 11): fixed ones, and whole random histories. */

import fc from "fast-check";
import type {
  Money,
  ReservationCreated,
  ReservationEvent,
} from "../../solutions/01-aggregate/reservation-types.ts";
import {
  type OldEvent,
  type TodaysEvent,
  withTodaysVersion,
} from "../../solutions/11-versioning/releases.ts";
import { unknownReason } from "../../solutions/11-versioning/upcasters.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import { eventInWords } from "./in-words.ts";
import { recorded } from "./new-events.ts";
import { reservationId, validHistories } from "./reservations.ts";

type Written = OldEvent | TodaysEvent;

/** The rows of one reservation as several releases wrote them, and the same history as today writes it. */
export interface AgedHistory {
  readonly rows: readonly EventEnvelope[];
  readonly events: readonly ReservationEvent[];
}

/** The events as the rows of one stream, each with its own schemaVersion. */
export function rowsOfEvents(
  events: readonly Written[],
  streamId = reservationId,
): EventEnvelope<Written>[] {
  return recorded<Written>(
    streamId,
    events.map((event, index) => ({ ...event, id: idOf(index), metadata: {} })),
  );
}

/** The events as the rows that are written today. */
export function rowsOfToday(events: readonly ReservationEvent[]): EventEnvelope[] {
  const written = events.map((event, index) => ({
    ...withTodaysVersion(event),
    id: idOf(index),
    metadata: {},
  }));
  return recorded<ReservationEvent>(reservationId, written);
}

/** Histories of which the first release has written every row. */
export function firstReleaseHistories(): fc.Arbitrary<AgedHistory> {
  return fc
    .tuple(validHistories(), fc.boolean())
    .map(([events, isBooked]) => aged(events, isBooked, []));
}

/** Histories that went on for years: each row is of another release. */
export function agedHistories(): fc.Arbitrary<AgedHistory> {
  const releases = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 8, maxLength: 8 });
  return fc
    .tuple(validHistories(), fc.boolean(), releases)
    .map(([events, isBooked, written]) => aged(events, isBooked, written));
}

/** A line a row, `v1 ReservationBooked 1`, and in the end what all of it says. */
export function agedInWords({ rows, events }: AgedHistory): readonly string[] {
  return [
    `rows: ${rows.map(({ version, type, schemaVersion }) => `v${version} ${type} ${schemaVersion}`).join(", ")}`,
    ...events.map((event) => `they say ${eventInWords(event)}`),
  ];
}

/**
 * The events as the releases 1 to 3 would have written them; release 1 where none is named. What a
 * release could not write down is what its upcaster has to assume.
 */
function aged(
  history: readonly ReservationEvent[],
  isBooked: boolean,
  releases: readonly number[],
): AgedHistory {
  const written: Written[] = [];
  const events: ReservationEvent[] = [];
  const [first, second] = history.map(inEuros);
  let rest = history.map(inEuros);
  if (isBooked && first?.type === "ReservationCreated" && second?.type === "ReservationConfirmed") {
    const { createdAt: bookedAt } = first.data;
    const { createdAt: _, ...details } = createdV1(first).data;
    written.push({
      type: "ReservationBooked",
      schemaVersion: 1,
      data: { ...details, bookedAt },
    });
    events.push(first, { ...second, data: { reservationId, confirmedAt: bookedAt } });
    rest = rest.slice(2);
  }
  for (const event of rest) {
    const release = releases[written.length] ?? 1;
    // The time that `recorded` will give to this row.
    const recordedAt = recorded(reservationId, [...written, event]).at(-1)?.recordedAt ?? "";
    const then = asWrittenBy(release, event);
    written.push(then);
    const isBare = then.type === "ReservationCancelled" && then.schemaVersion === 1;
    const bare = { reservationId, reason: unknownReason, cancelledAt: recordedAt };
    events.push(isBare ? { type: "ReservationCancelled", data: bare } : event);
  }
  return { rows: rowsOfEvents(written), events };
}

function asWrittenBy(release: number, event: ReservationEvent): Written {
  switch (event.type) {
    case "ReservationCreated":
      if (release === 1) return createdV1(event);
      return release === 2 ? createdV2(event) : { ...event, schemaVersion: 3 };
    case "ReservationConfirmed":
      return { ...event, schemaVersion: 1 };
    case "StayChanged":
      if (release === 3) return { ...event, schemaVersion: 2 };
      return {
        ...event,
        schemaVersion: 1,
        data: { ...event.data, total: decimal(event.data.total) },
      };
    case "ReservationCancelled":
      if (release === 3) return { ...event, schemaVersion: 2 };
      return { ...event, schemaVersion: 1, data: { reservationId: event.data.reservationId } };
  }
}

function createdV1(event: ReservationCreated): Written & { readonly schemaVersion: 1 } & {
  readonly type: "ReservationCreated";
} {
  const { hotelId: hotel, ...others } = createdV2(event).data;
  return { type: "ReservationCreated", schemaVersion: 1, data: { ...others, hotel } };
}

function createdV2({ data }: ReservationCreated): Written & { readonly schemaVersion: 2 } & {
  readonly type: "ReservationCreated";
} {
  const pricePerNight = decimal(data.pricePerNight);
  const total = decimal(data.total);
  return {
    type: "ReservationCreated",
    schemaVersion: 2,
    data: { ...data, pricePerNight, total },
  };
}

/** The first releases knew one currency. */
function inEuros(event: ReservationEvent): ReservationEvent {
  const euros = ({ amount }: Money): Money => ({ amount, currency: "EUR" });
  switch (event.type) {
    case "ReservationCreated": {
      const { pricePerNight, total } = event.data;
      const prices = { pricePerNight: euros(pricePerNight), total: euros(total) };
      return { ...event, data: { ...event.data, ...prices } };
    }
    case "StayChanged":
      return { ...event, data: { ...event.data, total: euros(event.data.total) } };
    default:
      return event;
  }
}

function decimal({ amount }: Money): number {
  return amount / 100;
}

function idOf(index: number): string {
  return `2d1f0c5a-6b1e-4c55-9d0e-0000000000${String(index + 1).padStart(2, "0")}`;
}
