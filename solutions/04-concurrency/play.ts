/** `npm run play 4`: ten agents confirm or cancel one reservation at the same moment, on your code. */

import { randomUUID } from "node:crypto";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { ConcurrencyConflict } from "../../shared/kernel/errors.ts";
import type { NewEvent } from "../../shared/kernel/event.ts";
import { postgresEventStore } from "./event-store.ts";
import { schemaFiles } from "./schema.ts";

const stream = "reservation-42";
const agents = 10;

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: agents });
  try {
    console.log(`Two guests, one room · ${postgres.label}\n`);
    await installSchemas(pool, schemaFiles);
    const store = postgresEventStore(pool);
    await store.append(stream, [event("ReservationCreated", "front desk")], "no-stream");
    // Everyone is at the desk before the race begins.
    await Promise.all(Array.from({ length: agents }, () => pool.query("select pg_sleep(0.05)")));

    console.log(`${agents} agents have read version 1, and decide at the same moment:`);
    const race = Array.from({ length: agents }, (_, index) => decide(index + 1, 1));
    for (const line of await Promise.all(race)) console.log(`  ${line}`);

    console.log("\nThe network swallowed an answer, so an append is sent again:");
    const again = [event("StayChanged", "agent 3")];
    for (const attempt of ["first", "again"]) {
      const { version, repeated } = await store.append(stream, again, 2);
      console.log(`  ${attempt}  version ${version}, repeated: ${repeated}`);
    }

    console.log(`\n${stream}, from the event store`);
    for await (const { version, type, data } of store.readStream(stream)) {
      console.log(`  v${version}  ${type.padEnd(22)} ${JSON.stringify(data)}`);
    }

    async function decide(agent: number, expected: number): Promise<string> {
      const type = agent % 2 === 0 ? "ReservationCancelled" : "ReservationConfirmed";
      const who = `agent ${agent}`.padEnd(8);
      try {
        const { version } = await store.append(stream, [event(type, who.trim())], expected);
        return `${who}  ✔ ${type} is version ${version}`;
      } catch (error) {
        if (!(error instanceof ConcurrencyConflict)) throw error;
        return `${who}  ✘ expected ${error.expected}, is at ${error.actual}: decide anew`;
      }
    }
  } finally {
    await pool.end();
  }
});

function event(type: string, by: string): NewEvent {
  return { type, data: { by }, id: randomUUID(), schemaVersion: 1, metadata: {} };
}
