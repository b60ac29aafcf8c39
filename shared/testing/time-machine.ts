/** The whole application for a test file, in a database and with queues of its own: what `npm run demo` serves. */

import { afterAll, beforeAll, inject } from "vitest";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { topologyFor } from "../../solutions/06-publishing/topology.ts";
import { queueNames } from "../../solutions/07-consuming/topology.ts";
import { firstRelease, rowsOf } from "../../solutions/11-versioning/first-release.ts";
import { startApi } from "../../solutions/13-cqrs-demo/api.ts";
import { createClock } from "../../solutions/13-cqrs-demo/clock.ts";
import {
  bookingSubscriber,
  type ReservationSystem,
  readModelSubscriber,
} from "../../solutions/13-cqrs-demo/composition.ts";
import { pages } from "../../solutions/13-cqrs-demo/pages.ts";
import { composeWithLab } from "../../solutions/13-cqrs-demo/with-lab.ts";
import { type LogEntry, toLine } from "../api/log.ts";
import { brokerNames } from "../infrastructure/broker-names.ts";
import { InfrastructureMissing, type ServiceName } from "../infrastructure/ladder.ts";
import { createDatabase } from "../infrastructure/own-database.ts";
import { joinRun } from "../infrastructure/run.ts";
import { quietPool } from "./database.ts";

export interface TestTimeMachine {
  readonly url: string;
  readonly databaseUrl: string;
  readonly system: ReservationSystem;
  /** Ends it before the tests are over. */
  close(): Promise<void>;
}

interface TimeMachine {
  readonly url: string;
  readonly system: ReservationSystem;
  close(): Promise<void>;
}

/** Starts it before the file's tests, with the reservations of the first release in its store. */
export function useTimeMachine(): TestTimeMachine {
  let machine: TimeMachine | undefined;
  let databaseUrl = "";
  const undo: (() => Promise<unknown>)[] = [];
  const running = (): TimeMachine => {
    if (!machine) throw new TypeError("useTimeMachine has one inside tests only.");
    return machine;
  };

  beforeAll(async () => {
    const run = joinRun(inject("ledger"));
    const database = await createDatabase(run, provided("postgres"));
    undo.push(() => database.drop());
    databaseUrl = database.url;
    const broker = provided("rabbitmq");
    const names = brokerNames(run, broker);
    undo.push(() => names.deleteAll());
    const topology = topologyFor(names.prefix);
    names.register("exchange", [topology.exchange]);
    for (const subscriber of [readModelSubscriber, bookingSubscriber]) {
      names.register("queue", queueNames(topology, subscriber));
    }
    const clock = createClock();
    const servers = { databaseUrl: database.url, amqpUrl: broker.url, topology };
    const { system, routes } = await composeWithLab({ ...servers, now: () => clock.now() });
    undo.push(() => system.stop());
    // What went wrong inside is masked for the page, and is the first thing to know of a red test.
    const log = (entry: LogEntry): void => {
      if (entry.level === "error") process.stderr.write(`${toLine(entry)}\n`);
    };
    const options = { ...servers, system, now: clock.now, routes: [...pages, ...routes], log };
    const api = await startApi(options);
    undo.push(() => api.close());
    const close = async (): Promise<void> => {
      for (const step of undo.splice(2).reverse()) await step();
    };
    machine = { url: api.url, system, close };
    await storeFirstRelease(database.url, running().system);
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });

  return {
    get url() {
      return running().url;
    },
    get databaseUrl() {
      return databaseUrl;
    },
    get system() {
      return running().system;
    },
    close: () => running().close(),
  };
}

function provided(service: ServiceName) {
  const server = inject(service);
  if ("missing" in server) throw new InfrastructureMissing(service, server.missing);
  return server;
}

/** As that release has written them: no store of today would give them those shapes. */
async function storeFirstRelease(databaseUrl: string, system: ReservationSystem): Promise<void> {
  // A connection of its own, which may wait longer for a busy machine than the system's do.
  const pool = quietPool({ connectionString: databaseUrl, max: 1 });
  const store = postgresEventStore(pool);
  for (const streamId of new Set(firstRelease.map((row) => row.streamId))) {
    const rows = rowsOf(streamId).map(({ id, type, data, schemaVersion, metadata }) => {
      return { id, type, data, schemaVersion, metadata };
    });
    await store.append(streamId, rows, "no-stream");
  }
  await pool.end();
  await system.wakeBookings();
}
