/** `npm run play 12`: the last room, two guests who want it, and a process that dies. */

import { randomUUID } from "node:crypto";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { handleCommand } from "../05-command-handlers/command-handler.ts";
import { isHeldBack } from "../06-publishing/horizon.ts";
import { commandFor } from "./booking-command.ts";
import { guestStream, guests, hotelStream, hotels } from "./deciders.ts";
import { type Dispatcher, dispatchAll } from "./dispatcher.ts";
import { handle, load } from "./handle.ts";
import { heldRooms } from "./hotel.ts";
import { handleEvent, handleInput } from "./inbox.ts";
import { isBookingEvent } from "./outbox.ts";
import { schemaFiles } from "./schema.ts";
import { fireDue } from "./timeouts.ts";

const hotelId = "astoria";
const stay = { arrival: "2030-05-01", departure: "2030-05-03" };
const total = { amount: 24_000, currency: "EUR" };
const now = "2030-01-10T09:00:00.000Z";
const expiresAt = "2030-01-10T09:15:00.000Z";
const shown = new Set<string>();

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const store = postgresEventStore(pool);
  const process = { pool, store, name: "bookings" };
  try {
    await installSchemas(pool, schemaFiles);
    const rooms = { single: 0, double: 1, suite: 0 };
    await handle(store, hotels, of({ type: "OpenHotel", data: { hotelId, rooms, now } }));
    for (const guestId of ["ada", "ben"]) {
      const data = { guestId, credit: { amount: 30_000, currency: "EUR" }, now };
      await handle(store, guests, of({ type: "RegisterGuest", data }));
    }
    console.log(`The Astoria has one double · ${postgres.label}\n`);

    console.log("Ada books it, and the process dies when the hotel has just answered:");
    const ada = await request(store, "reservation-1", "ada");
    await dispatched(process, 1);
    await heard(store);
    await dispatched(process, 1);
    await show(store, ada);

    console.log("\n16 minutes later another one starts. First it looks what is due:");
    await fireDue(pool, store, "2030-01-10T09:16:00.000Z");
    await workedOff(process);
    await show(store, ada);

    console.log("\nBen books it:");
    const ben = await request(store, "reservation-2", "ben");
    await workedOff(process);
    await show(store, ben);

    console.log("\nAnd then Ada tries again:");
    const again = await request(store, "reservation-3", "ada");
    await workedOff(process);
    await show(store, again);
    await showBalance(store);
  } finally {
    await pool.end();
  }
});

function of<Command>(command: Command): { readonly id: string; readonly command: Command } {
  return { id: randomUUID(), command };
}

/** Creates the reservation, and asks for its booking; answers what all of it can be found by. */
async function request(store: EventStore, reservationId: string, guestId: string): Promise<string> {
  const correlationId = randomUUID();
  const room = { reservationId, hotelId, guestId, roomType: "double", stay } as const;
  const price = { guests: 2, pricePerNight: { amount: 12_000, currency: "EUR" }, now };
  const create = { type: "CreateReservation", data: { ...room, ...price } } as const;
  await handleCommand(store, { ...of(create), correlationId });
  const booking = { type: "RequestBooking", data: { ...room, total, expiresAt } } as const;
  await handleInput(store, { ...of(booking), correlationId });
  return correlationId;
}

/** Until so many events of bookings are dispatched: others on this server may hold them back. */
async function dispatched(process: Dispatcher, wanted: number): Promise<void> {
  for (let done = 0; done < wanted; ) done += await dispatchAll(process);
}

/** What comes by the bus in the demo comes from the store itself here. */
async function heard(store: EventStore): Promise<void> {
  for await (const event of store.readAll()) await handleEvent(store, event);
}

/** Dispatcher and inbox in turns, until a round in which nothing was hidden has changed nothing. */
async function workedOff(process: Dispatcher): Promise<void> {
  const { pool, store } = process;
  for (let isQuiet = false; !isQuiet; ) {
    const mayHide = await isHeldBack(pool);
    const before = await countEvents(store);
    const dispatched = await dispatchAll(process);
    await heard(store);
    isQuiet = dispatched === 0 && !mayHide && (await countEvents(store)) === before;
  }
}

async function countEvents(store: EventStore): Promise<number> {
  let count = 0;
  for await (const _ of store.readAll()) count += 1;
  return count;
}

/** What is new of this request. */
async function show(store: EventStore, correlationId: string): Promise<void> {
  for await (const event of store.readAll()) {
    if (event.metadata.correlationId !== correlationId || shown.has(event.id)) continue;
    shown.add(event.id);
    const stream = event.streamId.split("-", 1)[0] ?? "";
    console.log(`  ${stream.padEnd(12)} ${event.type.padEnd(22)} ${remark(event)}`.trimEnd());
  }
}

function remark(event: EventEnvelope): string {
  const command = isBookingEvent(event) ? commandFor(event)?.command.type : undefined;
  const { reason }: { readonly reason?: string } = event.data;
  const because = reason === undefined ? "" : `because: ${reason}`;
  return command === undefined ? because : `→ ${command.padEnd(20)} ${because}`;
}

async function showBalance(store: EventStore): Promise<void> {
  const hotel = (await load(store, hotels, hotelStream(hotelId))).state;
  if (hotel.status === "none") return;
  const credits = ["ada", "ben"].map(async (guestId) => {
    const { state } = await load(store, guests, guestStream(guestId));
    const credit = state.status === "none" ? 0 : state.credit.amount / 100;
    return `${guestId} has ${credit.toFixed(2)} EUR`;
  });
  console.log(
    `\n${heldRooms(hotel).length} of 1 doubles held · ${(await Promise.all(credits)).join(" · ")}`,
  );
}
