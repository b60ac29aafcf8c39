/** `npm run bench`: all benchmarks, or the ones that are named: `npm run bench append replay`. */

import pg from "pg";
import { installSchemas } from "../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { schemaFiles } from "../solutions/06-publishing/schema.ts";
import { benchAppends } from "./append.ts";
import { benchBroker } from "./broker.ts";
import { benchRelay } from "./relay.ts";
import { benchReplay } from "./replay.ts";
import { benchSnapshots } from "./snapshots.ts";
import { printTable } from "./table.ts";

const benchmarks = {
  append: benchAppends,
  replay: benchReplay,
  snapshots: benchSnapshots,
  relay,
  broker,
};

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
      await installSchemas(pool, schemaFiles);
    } finally {
      await pool.end();
    }
    printTable("messages from the store to a queue", await benchRelay(infrastructure, 7), 0.7);
  });
}

function broker(): Promise<void> {
  return withInfrastructure(["rabbitmq"], async (infrastructure) => {
    const { published, consumed } = await benchBroker(infrastructure, 7);
    // It may take one and a half times as long as RabbitMQ.
    printTable("20,000 messages published and confirmed", published, 0.67);
    printTable("20,000 messages consumed and acknowledged", consumed, 0.67);
  });
}
