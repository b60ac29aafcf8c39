/** Does the read model say what the events say? */

import { isDeepStrictEqual } from "node:util";
import type { Reservation } from "../01-aggregate/reservation-types.ts";
import { countNights } from "../01-aggregate/stay.ts";
import type { ReservationRow } from "../08-projections/reservations-view.ts";

/** True when the row holds what the replayed aggregate holds, field by field. */
export function agree(state: Reservation, row: ReservationRow | undefined): boolean {
  if (row === undefined || state.status === "none")
    return row === undefined && state.status === "none";
  const { updatedAt, ...shown } = row;
  const { reservationId, hotelId, guestId, roomType, guests, status, stay, total } = state;
  return isDeepStrictEqual(shown, {
    reservationId,
    hotelId,
    guestId,
    roomType,
    guests,
    status,
    stay,
    nights: countNights(stay),
    total,
    cancellationReason: state.status === "cancelled" ? state.reason : null,
  });
}

/** The read model shows something else than the events say. */
export class Disagreement extends Error {
  override readonly name = "Disagreement";

  constructor(id: string) {
    super(`The read model's row of ${id} is not what its events add up to.`);
  }
}
