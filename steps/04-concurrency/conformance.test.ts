import { describe } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { describeEventStore } from "../../shared/testing/event-store-conformance.ts";
import { postgresEventStore } from "./event-store.ts";

describe("the event store on PostgreSQL", () => {
  const database = useDatabase(4);
  describeEventStore(() => postgresEventStore(database.pool));
});
