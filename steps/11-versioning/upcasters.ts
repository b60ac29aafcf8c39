/**
 * The links of the chains from old shapes to today's. A link knows one change of one type and goes
 * one schemaVersion up; it sees the stored event and nothing else: no clock, no lookup.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Money } from "../01-aggregate/reservation-types.ts";
import type {
  OldEvent,
  ReservationBookedV1,
  ReservationCancelledV1,
  ReservationCancelledV2,
  ReservationConfirmedV1,
  ReservationCreatedV1,
  ReservationCreatedV2,
  ReservationCreatedV3,
  StayChangedV1,
  StayChangedV2,
  TodaysEvent,
} from "./releases.ts";

/** One link for each old shape, or it does not compile: `"ReservationCreated 1"` is where 1 ends and 2 begins. */
export type Upcasters = {
  readonly [Event in OldEvent as `${Event["type"]} ${Event["schemaVersion"]}`]: (
    stored: EventEnvelope<Event>,
  ) => readonly (OldEvent | TodaysEvent)[];
};

/** In the order in which they were written, by several teams. Who asks for one finds it by its name. */
export const upcasters: Upcasters = {
  "ReservationCreated 2": pricesInMinorUnits,
  "StayChanged 1": totalInMinorUnits,
  "ReservationCreated 1": hotelIsHotelId,
  "ReservationCancelled 1": withReasonAndTime,
  "ReservationBooked 1": createdAndConfirmed,
};

/** Told in a cancellation of which nobody wrote down why. */
export const unknownReason = "not recorded";

function hotelIsHotelId(
  stored: EventEnvelope<ReservationCreatedV1>,
): readonly [ReservationCreatedV2] {
  // TODO: `hotel` is called hotelId; all other fields stay as they are, also those that no type knows
  throw new NotImplemented("hotelIsHotelId");
}

function pricesInMinorUnits(
  stored: EventEnvelope<ReservationCreatedV2>,
): readonly [ReservationCreatedV3] {
  // TODO: pricePerNight and total were euros, and are Money (inMinorUnits, below)
  throw new NotImplemented("pricesInMinorUnits");
}

function totalInMinorUnits(stored: EventEnvelope<StayChangedV1>): readonly [StayChangedV2] {
  // TODO: total was euros, and is Money
  throw new NotImplemented("totalInMinorUnits");
}

/** 64.35 becomes 6435 of EUR: cents. */
function inMinorUnits(euros: number): Money {
  // TODO: euros times 100, as the whole number that was meant; the currency was always EUR
  throw new NotImplemented("inMinorUnits");
}

function withReasonAndTime(
  stored: EventEnvelope<ReservationCancelledV1>,
): readonly [ReservationCancelledV2] {
  // TODO: new are `reason`, of which nothing is known (unknownReason), and `cancelledAt`: what in
  // the stored event comes closest to it, and will still say the same in ten years?
  throw new NotImplemented("withReasonAndTime");
}

function createdAndConfirmed(
  stored: EventEnvelope<ReservationBookedV1>,
): readonly [ReservationCreatedV1, ReservationConfirmedV1] {
  // TODO: two events, in this order, both at `bookedAt`. The creation is in the shape that the
  // first release would have written: the links above take it on from there.
  throw new NotImplemented("createdAndConfirmed");
}
