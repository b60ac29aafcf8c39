import { describe, expect, it } from "vitest";
import { chaos, play } from "../../shared/infrastructure/chaos.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { eventually, numbered, running, useBus } from "../../shared/testing/consuming.ts";
import { useProxies } from "../../shared/testing/proxies.ts";
import { startSubscriber } from "./subscriber.ts";

const proxies = useProxies();
const buses = useBus();

/** A handler as a projection has it: its effect knows what it has seen, and refuses a gap. */
function guarded(around: (event: EventEnvelope, effect: () => void) => unknown) {
  const effects: Record<string, number[]> = {};
  return {
    effects,
    async handle(event: EventEnvelope): Promise<void> {
      const { streamId, version } = event;
      const seen = effects[streamId] ?? [];
      if (version > seen.length + 1) throw new Error(`version ${seen.length + 1} is missing`);
      await around(event, () => {
        if (version > seen.length) effects[streamId] = [...seen, version];
      });
    },
  };
}

describe("a subscriber whose broker goes down", () => {
  it.each(["before", "after"])(
    "in the middle of a delivery, %s its effect, has lost and doubled nothing once it is back",
    async (moment) => {
      const bus = await buses.open();
      const proxy = await proxies.before(buses.url);
      let wentDown = false;
      const { effects, handle } = guarded(async (event, effect) => {
        if (event.version === 3 && !wentDown) {
          wentDown = true;
          if (moment === "after") effect();
          // Asked twice, the broker has dealt with whatever it was sent so far: an early ack, too.
          await bus.count(bus.queues.queue);
          await bus.count(bus.queues.queue);
          proxy.takeDown();
          if (moment === "before") throw new Error("the broker is away, and the effect needs it");
        }
        effect();
      });
      const subscriber = await running(startSubscriber, bus, { amqpUrl: proxy.url, handle });

      await bus.publish(numbered(5));
      // The lost session, and two tries to begin another one.
      await subscriber.until(eventually(() => subscriber.losses.length).toBeGreaterThan(2));
      await bus.publish(numbered(8).slice(5));
      proxy.bringBack();

      const once = { "reservation-1": [1, 2, 3, 4, 5, 6, 7, 8] };
      await subscriber.until(eventually(() => effects).toEqual(once));
      // Nothing is parked, nor waits to be tried again: all of it is done.
      await subscriber.stop();
      expect(await bus.count(bus.queues.queue)).toBe(0);
      expect(await bus.count(bus.queues.parked)).toBe(0);
    },
  );

  it.each([1, 2, 4, 6])("has each effect once, in order, by fault plan %i", async (seed) => {
    const plan = chaos(seed, { within: 1_500, lasting: 40 });
    const bus = await buses.open({ partitions: 2 });
    const proxy = await proxies.before(buses.url);
    const { effects, handle } = guarded((_, effect) => effect());
    const subscriber = await running(startSubscriber, bus, { amqpUrl: proxy.url, handle });
    const streams = ["reservation-1", "reservation-2", "reservation-3"].map((id) =>
      numbered(300, id),
    );

    let isPlayed = false;
    void play(proxy, plan).then((wasPlayed) => {
      isPlayed = wasPlayed;
    });
    let published = 0;
    while (published < 300 && !(isPlayed && published >= 30)) {
      published++;
      await bus.publish(streams.flatMap((events) => events.slice(published - 1, published)));
    }

    const once = Object.fromEntries(
      streams.map((events, index) => [
        `reservation-${index + 1}`,
        events.slice(0, published).map(({ version }) => version),
      ]),
    );
    const handled = expect.poll(() => effects, { message: JSON.stringify(plan), timeout: 8_000 });
    await subscriber.until(handled.toEqual(once));
    expect(isPlayed).toBe(true);
  });
});
