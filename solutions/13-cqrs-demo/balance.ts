/** Are rooms and credit conserved? Each booking holds both, or neither. */

import { isDeepStrictEqual } from "node:util";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { load as loadReservation } from "../11-versioning/replay-stored.ts";
import { guestStream, guests, hotelStream, hotels } from "../12-saga/deciders.ts";
import { load } from "../12-saga/handle.ts";

/** The chain's own books do not agree with each other. */
export class NotConserved extends Error {
  override readonly name = "NotConserved";

  constructor(what: string) {
    super(`Rooms and credit are not conserved: ${what}.`);
  }
}

export interface Holdings {
  readonly hotelIds: readonly string[];
  readonly guestIds: readonly string[];
  readonly reservationIds: readonly string[];
}

/** @throws NotConserved when a room is held, or a guest charged, for what is not confirmed; or not, for what is */
export async function expectConserved(
  store: EventStore,
  { hotelIds, guestIds, reservationIds }: Holdings,
): Promise<void> {
  const held: string[] = [];
  const charged: string[] = [];
  const confirmed: string[] = [];
  for (const hotelId of hotelIds) {
    const { state } = await load(store, hotels, hotelStream(hotelId));
    const bookings = state.status === "open" ? [...state.bookings] : [];
    held.push(...bookings.filter(([, { status }]) => status === "held").map(([id]) => id));
  }
  for (const guestId of guestIds) {
    const { state } = await load(store, guests, guestStream(guestId));
    const bookings = state.status === "registered" ? [...state.bookings] : [];
    charged.push(...bookings.filter(([, { status }]) => status === "charged").map(([id]) => id));
  }
  for (const id of reservationIds) {
    const { state } = await loadReservation(store, id);
    if (state.status === "confirmed") confirmed.push(id);
  }
  for (const [what, ids] of [
    ["a room is held", held],
    ["a guest is charged", charged],
  ] as const) {
    if (isDeepStrictEqual([...ids].sort(), [...confirmed].sort())) continue;
    throw new NotConserved(`${what} for ${ids.join(", ")}; confirmed is ${confirmed.join(", ")}`);
  }
}
