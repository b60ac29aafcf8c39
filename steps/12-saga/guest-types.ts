/** The words of a guest's account: how much credit there is, and which booking was charged. */

import type { Money } from "../01-aggregate/reservation-types.ts";

export interface RegisterGuest {
  readonly type: "RegisterGuest";
  readonly data: { readonly guestId: string; readonly credit: Money; readonly now: string };
}

export interface ChargeCredit {
  readonly type: "ChargeCredit";
  readonly data: {
    readonly guestId: string;
    readonly reservationId: string;
    readonly amount: Money;
    readonly now: string;
  };
}

export interface ReturnCredit {
  readonly type: "ReturnCredit";
  readonly data: { readonly guestId: string; readonly reservationId: string; readonly now: string };
}

export type GuestCommand = RegisterGuest | ChargeCredit | ReturnCredit;

export interface GuestRegistered {
  readonly type: "GuestRegistered";
  readonly data: {
    readonly guestId: string;
    readonly credit: Money;
    readonly registeredAt: string;
  };
}

export interface CreditCharged {
  readonly type: "CreditCharged";
  readonly data: {
    readonly guestId: string;
    readonly reservationId: string;
    readonly amount: Money;
    readonly chargedAt: string;
  };
}

export interface CreditRefused {
  readonly type: "CreditRefused";
  readonly data: {
    readonly guestId: string;
    readonly reservationId: string;
    readonly reason: "no-credit" | "other-currency" | "returned";
    readonly refusedAt: string;
  };
}

/** This booking has charged nothing, and never will. `amount` is what it got back: 0 where nothing was charged. */
export interface CreditReturned {
  readonly type: "CreditReturned";
  readonly data: {
    readonly guestId: string;
    readonly reservationId: string;
    readonly amount: Money;
    readonly returnedAt: string;
  };
}

export type GuestEvent = GuestRegistered | CreditCharged | CreditRefused | CreditReturned;

export type ChargeOfBooking =
  | { readonly status: "charged"; readonly amount: Money }
  | { readonly status: "refused" }
  | { readonly status: "returned" };

export interface RegisteredGuest {
  readonly status: "registered";
  readonly guestId: string;
  /** What is left. */
  readonly credit: Money;
  /** By the booking's reservation id. */
  readonly bookings: ReadonlyMap<string, ChargeOfBooking>;
}

export type Guest = { readonly status: "none" } | RegisteredGuest;
