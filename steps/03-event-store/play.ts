/** `npm run play 3`: your table, your appends, and a history that comes back page by page. */

import { randomUUID } from "node:crypto";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import type { NewEvent } from "../../shared/kernel/event.ts";
import { appendToStream, readAll, readStream } from "./event-store.ts";
import { schemaFiles } from "./schema.ts";

const stay = { arrival: "2030-05-01", departure: "2030-05-03" };
const longer = { arrival: "2030-05-01", departure: "2030-05-05" };

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  try {
    console.log(`Event store · ${postgres.label}\n`);
    await installSchemas(pool, schemaFiles);

    const [guest, other] = ["reservation-1", "reservation-2"];
    await append(guest, event("ReservationCreated", { guestId: "guest-1", stay }));
    await append(other, event("ReservationCreated", { guestId: "guest-2", stay: longer }));
    await append(
      guest,
      event("StayChanged", { from: stay, to: longer }),
      event("ReservationConfirmed", { confirmedAt: "2030-01-11T10:00:00.000Z" }),
    );
    await append(guest, event("ReservationCancelled", { reason: undefined }));

    console.log("\nselect position, stream_id, version, type, data from events");
    for await (const { position, streamId, version, type, data } of readAll(pool)) {
      const row = [`${position}`.padStart(4), streamId, `v${version}`, type.padEnd(20)].join("  ");
      const json = JSON.stringify(data);
      console.log(`${row}  ${json.length > 32 ? `${json.slice(0, 29)}...` : json}`);
    }

    console.log(`\n${guest}, read in pages of 2`);
    let queries = 0;
    const counting = {
      query: (...query: unknown[]) => {
        queries += 1;
        return Reflect.apply(pool.query, pool, query);
      },
    } as Pick<pg.ClientBase, "query">;
    for await (const { version, type } of readStream(counting, guest, { pageSize: 2 })) {
      console.log(`  query ${queries}  v${version}  ${type}`);
    }
  } finally {
    await pool.end();
  }

  async function append(streamId: string, ...events: readonly NewEvent[]): Promise<void> {
    const types = events.map(({ type }) => type).join(", ");
    try {
      const { version, position } = await appendToStream(pool, streamId, events);
      console.log(`✔ ${streamId}  ${types}: now at version ${version}, position ${position}`);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "InvalidEvent") throw error;
      console.log(`✘ ${streamId}  ${types}:\n  ${error.message}`);
    }
  }
});

function event(type: string, data: object): NewEvent {
  return { type, data, id: randomUUID(), schemaVersion: 1, metadata: {} };
}
