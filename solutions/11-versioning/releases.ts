/**
 * Every shape in which an event was ever stored, by type and schemaVersion. Nothing here is ever
 * removed: as long as there is one row of a shape, somebody has to know it.
 *
 * `schemaVersion` counts the shapes of a type. It has nothing to do with `version`, which counts
 * the events of a stream.
 */

import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type {
  ReservationCancelled,
  ReservationConfirmed,
  ReservationCreated,
  ReservationEvent,
  RoomType,
  Stay,
  StayChanged,
} from "../01-aggregate/reservation-types.ts";

// The first release: one currency, prices in euros with decimals, and no reservation that waits.

/** Created and confirmed at once: the first release's telephone desk knew nothing between the two. */
export interface ReservationBookedV1 {
  readonly type: "ReservationBooked";
  readonly schemaVersion: 1;
  readonly data: Omit<ReservationCreatedV1["data"], "createdAt"> & { readonly bookedAt: string };
}

export interface ReservationCreatedV1 {
  readonly type: "ReservationCreated";
  readonly schemaVersion: 1;
  readonly data: Omit<ReservationCreatedV2["data"], "hotelId"> & { readonly hotel: string };
}

export interface StayChangedV1 {
  readonly type: "StayChanged";
  readonly schemaVersion: 1;
  readonly data: {
    readonly reservationId: string;
    readonly from: Stay;
    readonly to: Stay;
    /** In euros, 128.7. */
    readonly total: number;
    readonly changedAt: string;
  };
}

/** Nobody asked why, and nobody wrote down when. */
export interface ReservationCancelledV1 {
  readonly type: "ReservationCancelled";
  readonly schemaVersion: 1;
  readonly data: { readonly reservationId: string };
}

// The second release: `hotel` became `hotelId`, like all ids.

export interface ReservationCreatedV2 {
  readonly type: "ReservationCreated";
  readonly schemaVersion: 2;
  readonly data: {
    readonly reservationId: string;
    readonly hotelId: string;
    readonly guestId: string;
    readonly roomType: RoomType;
    readonly guests: number;
    readonly stay: Stay;
    /** In euros, 64.35. */
    readonly pricePerNight: number;
    readonly total: number;
    readonly createdAt: string;
  };
}

// Today: the shapes of step 01. ReservationConfirmed is what it always was.

export type ReservationCreatedV3 = ReservationCreated & { readonly schemaVersion: 3 };
export type ReservationConfirmedV1 = ReservationConfirmed & { readonly schemaVersion: 1 };
export type StayChangedV2 = StayChanged & { readonly schemaVersion: 2 };
export type ReservationCancelledV2 = ReservationCancelled & { readonly schemaVersion: 2 };

export type OldEvent =
  | ReservationBookedV1
  | ReservationCreatedV1
  | ReservationCreatedV2
  | StayChangedV1
  | ReservationCancelledV1;

export type TodaysEvent =
  | ReservationCreatedV3
  | ReservationConfirmedV1
  | StayChangedV2
  | ReservationCancelledV2;

type KnownType = (OldEvent | TodaysEvent)["type"];

/** What today's code writes, and the only shapes that `evolve` knows. */
const todaysVersions: { readonly [Event in TodaysEvent as Event["type"]]: Event["schemaVersion"] } =
  {
    ReservationCreated: 3,
    ReservationConfirmed: 1,
    StayChanged: 2,
    ReservationCancelled: 2,
  };

/** The newest shape of each type that this code has heard of; nobody writes ReservationBooked any more. */
const newestVersions: Readonly<Record<KnownType, number>> = {
  ...todaysVersions,
  ReservationBooked: 1,
};

/** The event with the schemaVersion that has to be stored beside it today. */
export function withTodaysVersion<Event extends ReservationEvent>(
  event: Event,
): Event & { readonly schemaVersion: number } {
  return { ...event, schemaVersion: todaysVersions[event.type] };
}

/** True for an event in the shape that today's code knows. */
export function isOfToday(stored: EventEnvelope): stored is EventEnvelope<ReservationEvent> {
  const { type, schemaVersion } = stored;
  return Object.hasOwn(todaysVersions, type) && newestVersionOf(type) === schemaVersion;
}

/** @throws UnknownEventType */
export function newestVersionOf(type: string): number {
  const newest = new Map<string, number>(Object.entries(newestVersions)).get(type);
  if (newest === undefined) throw new UnknownEventType(type);
  return newest;
}

/** A shape that this code has never heard of. Retrying does not help; newer code may. */
export class UnknownSchemaVersion extends Error {
  override readonly name = "UnknownSchemaVersion";
  readonly type: string;
  readonly schemaVersion: number;
  /** The newest one that this code knows. */
  readonly newest: number;

  constructor(type: string, schemaVersion: number, newest: number) {
    super(
      schemaVersion > newest
        ? `${type} is stored with schemaVersion ${schemaVersion}, and this code knows 1 to ${newest}. Newer code ` +
            "has written it, and nothing was guessed: deploy that code here as well, then read again."
        : `${type} is stored with schemaVersion ${schemaVersion}, and no link leads from there to ${newest}, ` +
            "which is today's. Nothing was guessed: find out who wrote the row, or which link is missing.",
    );
    this.type = type;
    this.schemaVersion = schemaVersion;
    this.newest = newest;
  }
}
