/** Create, confirm, load from the event store, query the read model, cancel. */

import { randomBytes } from "node:crypto";
import type { Topology } from "../06-publishing/topology.ts";
import { findReservation, occupancy } from "../08-projections/reservations-view.ts";
import { load } from "../11-versioning/replay-stored.ts";
import { agree, Disagreement } from "./comparison.ts";
import type { ReservationSystem } from "./composition.ts";
import { follow } from "./follow.ts";
import { described, row, title } from "./screen.ts";
import type { Trace } from "./trace.ts";

const reservationId = `reservation-${randomBytes(2).toString("hex")}`;
const hotelId = "grand-hotel";
const year = new Date().getUTCFullYear() + 1;
const stay = { arrival: `${year}-05-01`, departure: `${year}-05-03` };

/** @throws HopFailed, Disagreement */
export async function fiveActions(
  system: ReservationSystem,
  topology: Topology,
  trace: Trace,
): Promise<void> {
  const now = (): string => new Date().toISOString();

  title(`1  create ${reservationId}`, "ms since the command");
  await follow(system, topology, trace, {
    type: "CreateReservation",
    data: {
      reservationId,
      hotelId,
      guestId: "guest-1",
      roomType: "double",
      guests: 2,
      stay,
      pricePerNight: { amount: 12_000, currency: "EUR" },
      now: now(),
    },
  });

  title(`2  confirm ${reservationId}`);
  const confirm = { type: "ConfirmReservation", data: { reservationId, now: now() } } as const;
  await follow(system, topology, trace, confirm);

  title("3  load from the event store");
  await loadFromStore(system);

  title("4  query the read model");
  await queryReadModel(system);

  title(`5  cancel ${reservationId}`);
  const data = { reservationId, reason: "plans changed", now: now() };
  await follow(system, topology, trace, { type: "CancelReservation", data });

  title("In the end");
  await loadFromStore(system);
  await queryReadModel(system);
}

/** Prints the events and the aggregate that they add up to. */
async function loadFromStore({ store }: ReservationSystem): Promise<void> {
  for await (const { version, type, position, recordedAt } of store.readStream(reservationId)) {
    row(`v${version}`, `${type.padEnd(22)} position ${position}, at ${recordedAt.slice(11)}`);
  }
  const begin = performance.now();
  const { state } = await load(store, reservationId);
  row("replay", described(state), performance.now() - begin);
}

/** Prints the read model's row beside the replay, and the rooms that the projection has counted. */
async function queryReadModel({ store, readModel }: ReservationSystem): Promise<void> {
  const begin = performance.now();
  const found = await findReservation(readModel, reservationId);
  row("read model", found ? described(found) : "no such reservation", performance.now() - begin);
  const nights = await occupancy(readModel, hotelId, stay.arrival, stay.departure);
  const rooms = nights.map(({ night, rooms: taken }) => `${night.slice(5)}: ${taken}`).join(", ");
  row("", `rooms taken in ${hotelId}: ${rooms}`);
  const { state } = await load(store, reservationId);
  if (!agree(state, found)) throw new Disagreement(reservationId);
  row("", "= replay, field by field ✔");
}
