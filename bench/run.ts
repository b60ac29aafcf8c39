/** `npm run bench`: all benchmarks, or the ones that are named: `npm run bench append replay`. */

import pg from "pg";
import { withInfrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { benchAppends } from "./append.ts";
import { benchRelay } from "./relay.ts";
import { benchReplay } from "./replay.ts";
import { printTable } from "./table.ts";
import { installSchemas } from "./with-event-store.ts";

const benchmarks = { append: benchAppends, replay: benchReplay, relay };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(", ")}. There are ${Object.keys(benchmarks).join(", ")}.`,
  );
  process.exitCode = 1;
} else {
  console.log("Medians of interleaved rounds on one machine; the first line of a table is 1.00.");
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    if (wanted.length === 0 || wanted.includes(name)) await benchmark();
  }
}

function relay(): Promise<void> {
  return withInfrastructure(["postgres", "rabbitmq"], async (infrastructure) => {
    const pool = new pg.Pool({ connectionString: infrastructure.databaseUrl });
    try {
      await installSchemas(pool);
    } finally {
      await pool.end();
    }
    printTable("messages from the store to a queue", await benchRelay(infrastructure, 7), 0.7);
  });
}
