import fc from "fast-check";
import { expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { cuttableLine, numbered, running, useBus } from "../../shared/testing/consuming.ts";
import { sendBackParked } from "./parked.ts";
import { startSubscriber } from "./subscriber.ts";

const buses = useBus();

/** What goes wrong while an event is handled: the handler asks the script at each call. */
const faults = fc.constantFrom(
  "nothing",
  "fails before its effect",
  "fails after its effect",
  "line cut before its effect",
  "line cut after its effect",
);

const schedules = fc.record(
  {
    /** How many events each stream has. */
    lengths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
    /** Which events the relay publishes a second time, right after the first. */
    doubled: fc.array(fc.boolean(), { minLength: 18, maxLength: 18 }),
    script: fc.array(faults, { maxLength: 12 }),
    subscribers: fc.integer({ min: 1, max: 2 }),
  },
  { noNullPrototype: true },
);

/** A handler with the guard that a projection has: duplicates are skipped, a gap is refused. */
function guarded(script: readonly string[], cut: () => Promise<void>) {
  const versions = new Map<string, number>();
  const effects: string[] = [];
  const left = [...script];
  return {
    effects,
    async handle({ streamId, version }: EventEnvelope): Promise<void> {
      const fault = left.shift() ?? "nothing";
      if (fault === "fails before its effect") throw new Error(fault);
      if (fault === "line cut before its effect") await cut();
      const seen = versions.get(streamId) ?? 0;
      if (version > seen + 1) throw new Error(`version ${seen + 1} is missing`);
      if (version === seen + 1) {
        versions.set(streamId, version);
        effects.push(`${streamId} ${version}`);
      }
      if (fault === "fails after its effect") throw new Error(fault);
      if (fault === "line cut after its effect") await cut();
    },
  };
}

it("handling through failures, crashes and duplicates equals handling each event once, in order", async () => {
  const bus = await buses.open({ partitions: 2 });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(schedules, async ({ lengths, doubled, script, subscribers }) => {
      const run = ++runs;
      const streams = lengths.map((length, index) =>
        numbered(length, `reservation-${run}-${index}`),
      );
      const stored = streams.flat();
      const line = await cuttableLine(buses.url);
      const { effects, handle } = guarded(script, line.cut);
      const options = {
        amqpUrl: buses.url,
        connectBroker: line.connectBroker,
        maxAttempts: 2,
        // What an earlier run has left in the queues is not of this one.
        handle: async (event: EventEnvelope) => {
          if (event.streamId.startsWith(`reservation-${run}-`)) await handle(event);
        },
      };

      const started = Array.from({ length: subscribers }, () =>
        running(startSubscriber, bus, options),
      );
      const [first, ...others] = await Promise.all(started);
      await bus.publish(
        stored.flatMap((event, index) => (doubled[index] ? [event, event] : [event])),
      );
      // The operator sends back what was parked, until nothing is missing.
      const handled = expect.poll(
        async () => {
          await sendBackParked(bus.channel, bus.queues.parked);
          return effects.length;
        },
        { timeout: 8000, interval: 20 },
      );
      await first?.until(handled.toBe(stored.length));
      await Promise.all([first, ...others].map((subscriber) => subscriber?.stop()));

      for (const events of streams) {
        const once = events.map(({ streamId, version }) => `${streamId} ${version}`);
        expect(effects.filter((effect) => once.includes(effect))).toEqual(once);
      }
    }),
    // A wrong case ends by its time limit: to shrink it would take minutes.
    { seed: 7, numRuns: 8, endOnFailure: true },
  );
});
