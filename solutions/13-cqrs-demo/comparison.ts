/** Does the read model say what the events say? */

import { isDeepStrictEqual } from "node:util";
import type { Pool } from "pg";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Reservation } from "../01-aggregate/reservation-types.ts";
import { countNights } from "../01-aggregate/stay.ts";
import { startOfHistory } from "../02-replay/replay.ts";
import { projectedVersion } from "../08-projections/read-your-writes.ts";
import { findReservation, type ReservationRow } from "../08-projections/reservations-view.ts";
import { replayStored } from "../11-versioning/replay-stored.ts";

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

export interface Comparison {
  readonly reservationId: string;
  readonly agree: boolean;
  readonly rowVersion: number;
  readonly row: ReservationRow | undefined;
  readonly storeVersion: number;
  readonly state: Reservation;
}

/** The row beside the replay of the events that it has seen: being behind is no disagreement. */
export async function compare(
  readModel: Pool,
  store: EventStore,
  reservationId: string,
): Promise<Comparison> {
  const { version: rowVersion, row } = await rowWithVersion(readModel, reservationId);
  let replayed = startOfHistory;
  let seen = startOfHistory;
  for await (const event of store.readStream(reservationId)) {
    replayed = replayStored([event], replayed);
    if (event.version <= rowVersion) seen = replayed;
  }
  const { state, version: storeVersion } = replayed;
  const isSame = seen.version === rowVersion && agree(seen.state, row);
  return { reservationId, agree: isSame, rowVersion, row, storeVersion, state };
}

/** A row and the version that it is at, of one moment: the projection may move on between two queries. */
export async function rowWithVersion(
  readModel: Pool,
  reservationId: string,
): Promise<{ readonly version: number; readonly row: ReservationRow | undefined }> {
  const client = await readModel.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin isolation level repeatable read read only");
    const version = await projectedVersion(client, reservationId);
    const row = await findReservation(client, reservationId);
    await client.query("commit");
    return { version, row };
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** The read model shows something else than the events say. */
export class Disagreement extends Error {
  override readonly name = "Disagreement";

  constructor(id: string) {
    super(`The read model's row of ${id} is not what its events add up to.`);
  }
}
