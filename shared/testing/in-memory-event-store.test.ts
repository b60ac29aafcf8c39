import { describe } from "vitest";
import { describeEventStore } from "./event-store-conformance.ts";
import { inMemoryEventStore } from "./in-memory-event-store.ts";

describe("the event store in memory", () => {
  describeEventStore(() => inMemoryEventStore());
});
