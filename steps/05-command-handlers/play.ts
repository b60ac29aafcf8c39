/** `npm run play 5`: a rush on one reservation, a command sent again, an answer that was lost. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { ReservationCommand } from "../01-aggregate/reservation-types.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { schemaFiles } from "../04-concurrency/schema.ts";
import { handleCommand } from "./command-handler.ts";
import type { CommandResult } from "./command-types.ts";
import { asReservationEvent } from "./repository.ts";

const reservationId = "reservation-42";
const now = "2030-01-10T09:00:00.000Z";

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5 });
  try {
    console.log(`Once, however often it comes · ${postgres.label}\n`);
    await installSchemas(pool, schemaFiles);
    await play(postgresEventStore(pool));
  } finally {
    await pool.end();
  }
});

async function play(store: EventStore): Promise<void> {
  const room = { hotelId: "grand-hotel", roomType: "double", guests: 2 } as const;
  const price = { pricePerNight: { amount: 12_000, currency: "EUR" } };
  const data = { reservationId, guestId: "guest-1", ...room, ...price, stay: until(2), now };
  await handle(store, { type: "CreateReservation", data });

  console.log("Five phones change the stay at the same moment:");
  const changes = [3, 4, 5, 6, 7].map(async (day) => {
    const waits: string[] = [];
    const wait = (milliseconds: number): Promise<void> => {
      waits.push(`${milliseconds.toFixed(0)} ms`);
      return delay(milliseconds);
    };
    const command = { type: "ChangeStay", data: { reservationId, stay: until(day), now } } as const;
    const result = await handleCommand(store, { id: randomUUID(), command }, { wait });
    const waited = waits.length === 0 ? "" : `, waited ${waits.join(" + ")}`;
    return `  until 05-0${day}  version ${result.version}, attempt ${result.attempts}${waited}`;
  });
  for (const line of await Promise.all(changes)) console.log(line);

  console.log("\nThe answer to a confirmation is lost; the phone sends it again, and again:");
  const confirm = { type: "ConfirmReservation", data: { reservationId, now } } as const;
  const envelope = { id: randomUUID(), command: confirm };
  for (const delivery of [1, 2]) show(delivery, await handleCommand(store, envelope));
  await handle(store, { type: "CancelReservation", data: { reservationId, reason: "ill", now } });
  console.log("  ... meanwhile the desk cancels, and a confirmation would be refused ...");
  show(3, await handleCommand(store, envelope));

  console.log(`\n${reservationId}, from the event store`);
  for await (const recorded of store.readStream(reservationId)) {
    const event = asReservationEvent(recorded);
    const moved =
      event.type === "StayChanged"
        ? `until ${event.data.from.departure.slice(5)} → ${event.data.to.departure.slice(5)}`
        : "";
    console.log(`  v${event.version}  ${event.type.padEnd(22)} ${moved}`.trimEnd());
  }
}

async function handle(store: EventStore, command: ReservationCommand): Promise<void> {
  await handleCommand(store, { id: randomUUID(), command });
}

function show(delivery: number, { version, repeated }: CommandResult): void {
  console.log(`  delivery ${delivery}  version ${version}, repeated: ${repeated}`);
}

function until(day: number): { readonly arrival: string; readonly departure: string } {
  return { arrival: "2030-05-01", departure: `2030-05-0${day}` };
}
