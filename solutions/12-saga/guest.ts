/**
 * A guest's credit: the hotel's twin, whole, to read before you write the other.
 *
 * Each command for a booking is answered once, by an event. `ReturnCredit` answers even where
 * nothing was charged, and leaves a tombstone: a `ChargeCredit` that comes after it is refused.
 */

import { DomainError } from "../../shared/kernel/errors.ts";
import type { Money } from "../01-aggregate/reservation-types.ts";
import type {
  ChargeCredit,
  ChargeOfBooking,
  Guest,
  GuestCommand,
  GuestEvent,
  RegisteredGuest,
} from "./guest-types.ts";

export const initialState: Guest = { status: "none" };

/** @throws DomainError */
export function decide(command: GuestCommand, state: Guest): readonly GuestEvent[] {
  if (command.type === "RegisterGuest") {
    if (state.status === "registered") return [];
    const { now, ...data } = command.data;
    return [{ type: "GuestRegistered", data: { ...data, registeredAt: now } }];
  }
  if (state.status === "none") throw notFound(command.data.guestId);
  if (command.type === "ChargeCredit") return chargeCredit(command, state);
  const { guestId, reservationId, now } = command.data;
  const known = state.bookings.get(reservationId);
  if (known?.status === "returned") return [];
  const amount = known?.status === "charged" ? known.amount : { ...state.credit, amount: 0 };
  return [{ type: "CreditReturned", data: { guestId, reservationId, amount, returnedAt: now } }];
}

function chargeCredit({ data }: ChargeCredit, guest: RegisteredGuest): readonly GuestEvent[] {
  const { now, ...asked } = data;
  const { guestId, reservationId, amount } = asked;
  const known = guest.bookings.get(reservationId);
  if (known?.status === "charged" || known?.status === "refused") return [];
  const refused = (reason: "no-credit" | "other-currency" | "returned"): readonly GuestEvent[] => [
    { type: "CreditRefused", data: { guestId, reservationId, reason, refusedAt: now } },
  ];
  if (known?.status === "returned") return refused("returned");
  if (amount.currency !== guest.credit.currency) return refused("other-currency");
  if (amount.amount > guest.credit.amount) return refused("no-credit");
  return [{ type: "CreditCharged", data: { ...asked, chargedAt: now } }];
}

export function evolve(state: Guest, event: GuestEvent): Guest {
  if (event.type === "GuestRegistered") {
    const { guestId, credit } = event.data;
    return { status: "registered", guestId, credit, bookings: new Map() };
  }
  if (state.status === "none") return state;
  const { reservationId } = event.data;
  switch (event.type) {
    case "CreditCharged": {
      const { amount } = event.data;
      const charged = withBooking(state, reservationId, { status: "charged", amount });
      return { ...charged, credit: plus(state.credit, -amount.amount) };
    }
    case "CreditRefused":
      if (event.data.reason === "returned") return state;
      return withBooking(state, reservationId, { status: "refused" });
    case "CreditReturned": {
      const returned = withBooking(state, reservationId, { status: "returned" });
      return { ...returned, credit: plus(state.credit, event.data.amount.amount) };
    }
    default:
      return event satisfies never;
  }
}

function withBooking(
  guest: RegisteredGuest,
  reservationId: string,
  booking: ChargeOfBooking,
): RegisteredGuest {
  return { ...guest, bookings: new Map(guest.bookings).set(reservationId, booking) };
}

function plus(credit: Money, amount: number): Money {
  return { ...credit, amount: credit.amount + amount };
}

function notFound(guestId: string): DomainError {
  return new DomainError("guest-not-found", `There is no guest ${guestId}. Register first.`);
}
