/** What the hotel accepts. Each function throws a DomainError when the rule is broken; `decide` calls them. */

import { DomainError } from "../../shared/kernel/errors.ts";
import type { Money, RoomType, Stay } from "./reservation-types.ts";
import { countNights, isCalendarDate } from "./stay.ts";

const longestStay = 30;
const highestPrice = 10_000_000;
const beds: Readonly<Record<RoomType, number>> = { single: 1, double: 2, suite: 4 };

/** 1 to 30 nights, between dates that exist, not before the day (in UTC) of `now`. */
export function requireValidStay(stay: Stay, now: string): void {
  if (!isCalendarDate(stay.arrival) || !isCalendarDate(stay.departure)) {
    throw new DomainError(
      "invalid-stay",
      `${stay.arrival} to ${stay.departure} are not two calendar dates.`,
    );
  }
  const nights = countNights(stay);
  if (nights < 1 || nights > longestStay) {
    throw new DomainError(
      "invalid-stay",
      `A stay has 1 to ${longestStay} nights, ${stay.arrival} to ${stay.departure} has ${nights}.`,
    );
  }
  const today = now.slice(0, "2030-05-01".length);
  if (stay.arrival < today) {
    throw new DomainError("stay-in-the-past", `Arrival ${stay.arrival} is before ${today}.`);
  }
}

/** A bed for each guest. */
export function requireValidGuests(roomType: RoomType, guests: number): void {
  if (!Number.isInteger(guests) || guests < 1 || guests > beds[roomType]) {
    throw new DomainError(
      "invalid-guests",
      `A ${roomType} room takes 1 to ${beds[roomType]} guests, not ${guests}.`,
    );
  }
}

/** A whole number of minor units, above zero, in a currency. */
export function requireValidPrice({ amount, currency }: Money): void {
  const isAmount = Number.isInteger(amount) && amount > 0 && amount <= highestPrice;
  if (!isAmount || !/^[A-Z]{3}$/.test(currency)) {
    throw new DomainError(
      "invalid-price",
      `A price is 1 to ${highestPrice} minor units of a currency like EUR, not ${amount} ${currency}.`,
    );
  }
}
