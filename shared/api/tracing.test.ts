import { describe, expect, it } from "vitest";
import { treeOf } from "./trace-tree.ts";
import { createTracing } from "./tracing.ts";

const request = "0af76519-16cd-43dd-8448-eb211c80319c";
const command = "11111111-1111-4111-8111-111111111111";
const event = "22222222-2222-4222-8222-222222222222";
/** 2030. */
const at = 1_900_000_000_000;

describe("a trace", () => {
  it("has the correlation id as its id, and parents by what caused what, whoever records first", async () => {
    const tracing = createTracing();
    const times = { correlationId: request, from: at, to: at + 2 };
    // The projector is another process, and may be done before the mutation is answered.
    tracing.record({ ...times, name: "projected", causedBy: event, from: at + 4, to: at + 5 });
    tracing.record({ ...times, name: "stored", id: event, causedBy: command, from: at + 1 });
    tracing.record({ ...times, name: "mutation", id: command });
    const spans = tracing.spansOf(request);
    expect(spans.map((span) => span.spanContext().traceId)).toEqual(
      spans.map(() => "0af7651916cd43dd8448eb211c80319c"),
    );
    expect(treeOf(spans)).toEqual([
      { text: "mutation", begin: 0, milliseconds: 2 },
      { text: "└ stored", begin: 1, milliseconds: 1 },
      { text: "  └ projected", begin: 4, milliseconds: 1 },
    ]);
    await tracing.stop();
  });

  it("is none for an id that is no UUID", async () => {
    const tracing = createTracing();
    tracing.record({ name: "stored", correlationId: "desk-01", from: 1, to: 2 });
    expect(tracing.spansOf("desk-01")).toEqual([]);
    await tracing.stop();
  });

  it("shows what has its parent elsewhere as a root of its own", async () => {
    const tracing = createTracing();
    const times = { correlationId: request, from: at, to: at + 1 };
    tracing.record({ ...times, name: "first", causedBy: command });
    tracing.record({ ...times, name: "second", causedBy: event, from: at + 0.5 });
    expect(treeOf(tracing.spansOf(request)).map(({ text }) => text)).toEqual(["first", "second"]);
    await tracing.stop();
  });
});
