import fc from "fast-check";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import {
  type Bus,
  cuttableLine,
  numbered,
  running,
  useBus,
} from "../../shared/testing/consuming.ts";
import { law } from "../../shared/testing/law.ts";
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

/** How many events each stream has. */
const lengths = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });

/** Which events the relay publishes a second time, right after the first. */
const doubles = fc.array(fc.boolean(), { minLength: 18, maxLength: 18 });

/** A handler with the guard that a projection has: duplicates are skipped, a gap is refused. */
function guarded(script: readonly string[], cut: () => Promise<void>) {
  const effects: Record<string, number[]> = {};
  const left = [...script];
  return {
    effects,
    async handle({ streamId, version }: EventEnvelope): Promise<void> {
      const fault = left.shift() ?? "nothing";
      if (fault === "fails before its effect") throw new Error(fault);
      if (fault === "line cut before its effect") await cut();
      const seen = effects[streamId]?.length ?? 0;
      if (version > seen + 1) throw new Error(`version ${seen + 1} is missing`);
      if (version === seen + 1) effects[streamId] = [...(effects[streamId] ?? []), version];
      if (fault === "fails after its effect") throw new Error(fault);
      if (fault === "line cut after its effect") await cut();
    },
  };
}

function streamsOf(lengths: readonly number[]): readonly EventEnvelope[][] {
  return lengths.map((length, index) => numbered(length, `reservation-${index + 1}`));
}

/** The events in the order in which they are published, some of them twice. */
function published(streams: readonly EventEnvelope[][], doubled: readonly boolean[]) {
  return streams.flat().flatMap((event, index) => (doubled[index] ? [event, event] : [event]));
}

/** The versions of each stream, in their order. */
function versionsOf(events: readonly EventEnvelope[]): Record<string, number[]> {
  const versions: Record<string, number[]> = {};
  for (const { streamId, version } of events) {
    versions[streamId] = [...(versions[streamId] ?? []), version];
  }
  return versions;
}

let opened: Promise<Bus> | undefined;

law(
  "schedules",
  "handling through failures, crashes and duplicates equals handling each event once, in order",
  {
    given: [lengths, doubles, fc.array(faults, { maxLength: 12 }), fc.integer({ min: 1, max: 2 })],
    seed: 7,
    runs: 8,
    // A wrong case ends by its time limit: to shrink it would take minutes.
    endOnFailure: true,
    async holds(lengths, doubled, script, subscribers) {
      opened ??= buses.open({ partitions: 2 });
      const bus = await opened;
      const streams = streamsOf(lengths);
      const own = new Set(streams.flat().map(({ id }) => id));
      const line = await cuttableLine(buses.url);
      const { effects, handle } = guarded(script, line.cut);
      const options = {
        amqpUrl: buses.url,
        connectBroker: line.connectBroker,
        maxAttempts: 2,
        // What an earlier case has left in the queues is not of this one.
        handle: async (event: EventEnvelope) => {
          if (own.has(event.id)) await handle(event);
        },
      };

      const started = Array.from({ length: subscribers }, () =>
        running(startSubscriber, bus, options),
      );
      const [first, ...others] = await Promise.all(started);
      await bus.publish(published(streams, doubled));
      // The operator sends back what was parked, until nothing is missing.
      const effectsByNow = async () => {
        await sendBackParked(bus.channel, bus.queues.parked);
        return effects;
      };
      await first?.reaches("the effects", effectsByNow, versionsOf(streams.flat()));
      await Promise.all([first, ...others].map((subscriber) => subscriber?.stop()));
    },
    story: (lengths, doubled, script, subscribers) => ({
      given: Object.entries(versionsOf(published(streamsOf(lengths), doubled))).map(
        ([streamId, versions]) => `${streamId}, versions ${versions.join(", ")} are published`,
      ),
      when: [
        `${subscribers === 1 ? "one subscriber handles" : "two subscribers handle"} them, and the handler`,
        ...script.flatMap((fault, index) => {
          if (fault === "nothing") return [];
          const verb = fault.startsWith("line") ? "has the " : "";
          return [`  at its call ${index + 1} ${verb}${fault}`];
        }),
      ],
      wanted: "once all that was parked is sent back: the effect of each version once, in order",
      costs: "after a bad night some guests have had no mail, and who is not known",
    }),
  },
);
