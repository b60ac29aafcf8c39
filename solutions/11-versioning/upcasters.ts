/**
 * The links of the chains from old shapes to today's. A link knows one change of one type and goes
 * one schemaVersion up; it sees the stored event and nothing else: no clock, no lookup.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
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
  // BEGIN SOLUTION: `hotel` is called hotelId; all other fields stay as they are, also those that no type knows
  const { hotel: hotelId, ...others } = stored.data;
  return [{ type: "ReservationCreated", schemaVersion: 2, data: { ...others, hotelId } }];
  // END SOLUTION
}

function pricesInMinorUnits(
  stored: EventEnvelope<ReservationCreatedV2>,
): readonly [ReservationCreatedV3] {
  // BEGIN SOLUTION: pricePerNight and total were euros, and are Money (inMinorUnits, below)
  const { data } = stored;
  const pricePerNight = inMinorUnits(data.pricePerNight);
  const total = inMinorUnits(data.total);
  return [
    { type: "ReservationCreated", schemaVersion: 3, data: { ...data, pricePerNight, total } },
  ];
  // END SOLUTION
}

function totalInMinorUnits(stored: EventEnvelope<StayChangedV1>): readonly [StayChangedV2] {
  // BEGIN SOLUTION: total was euros, and is Money
  const { data } = stored;
  const total = inMinorUnits(data.total);
  return [{ type: "StayChanged", schemaVersion: 2, data: { ...data, total } }];
  // END SOLUTION
}

/** 64.35 becomes 6435 of EUR: cents. */
function inMinorUnits(euros: number): Money {
  // BEGIN SOLUTION: euros times 100, as the whole number that was meant; the currency was always EUR
  const amount = Math.round(euros * 100); // 64.35 * 100 is 6434.999999999999
  return { amount, currency: "EUR" };
  // END SOLUTION
}

function withReasonAndTime(
  stored: EventEnvelope<ReservationCancelledV1>,
): readonly [ReservationCancelledV2] {
  // BEGIN SOLUTION: new are `reason`, of which nothing is known (unknownReason), and `cancelledAt`: what in
  // the stored event comes closest to it, and will still say the same in ten years?
  const { data, recordedAt } = stored;
  const added = { reason: unknownReason, cancelledAt: recordedAt };
  return [{ type: "ReservationCancelled", schemaVersion: 2, data: { ...data, ...added } }];
  // END SOLUTION
}

function createdAndConfirmed(
  stored: EventEnvelope<ReservationBookedV1>,
): readonly [ReservationCreatedV1, ReservationConfirmedV1] {
  // BEGIN SOLUTION: two events, in this order, both at `bookedAt`. The creation is in the shape that the
  // first release would have written: the links above take it on from there.
  const { bookedAt, ...others } = stored.data;
  const { reservationId } = others;
  return [
    { type: "ReservationCreated", schemaVersion: 1, data: { ...others, createdAt: bookedAt } },
    {
      type: "ReservationConfirmed",
      schemaVersion: 1,
      data: { reservationId, confirmedAt: bookedAt },
    },
  ];
  // END SOLUTION
}
