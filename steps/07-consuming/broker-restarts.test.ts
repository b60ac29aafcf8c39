import { describe, expect, it } from "vitest";
import { chaos, play } from "../../shared/infrastructure/chaos.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import {
  eventually,
  messagesIn,
  numbered,
  running,
  useBus,
} from "../../shared/testing/consuming.ts";
import { faultInWords } from "../../shared/testing/in-words.ts";
import { useProxies } from "../../shared/testing/proxies.ts";
import { costs, story } from "../../shared/testing/story.ts";
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
  costs("the broker restarts at night, and in the morning no one can say which guests got no mail");

  it.each(["before", "after"])(
    "in the middle of a delivery, %s its effect, has lost and doubled nothing once it is back",
    async (moment) => {
      story({
        given: `versions 1 to 5 are published; the handler skips what it has seen`,
        when: `${moment} the effect of 3 the broker goes down; it is back, with 6 to 8`,
        wanted: "the effects of 1 to 8, each once, in order; the queues are empty",
      });
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
      const losses = eventually(() => subscriber.losses.length, "losses told by the subscriber");
      await subscriber.until(losses.toBeGreaterThan(2));
      await bus.publish(numbered(8).slice(5));
      proxy.bringBack();

      const once = { "reservation-1": [1, 2, 3, 4, 5, 6, 7, 8] };
      await subscriber.reaches("the effects", () => effects, once);
      // Nothing is parked, nor waits to be tried again: all of it is done.
      await subscriber.stop();
      expect(await messagesIn(bus), "messages").toMatchObject({
        "its own queue": 0,
        "the parked queue": 0,
      });
    },
  );

  it.each([1, 2, 4, 6])("has each effect once, in order, by fault plan %i", async (seed) => {
    const plan = chaos(seed, { within: 1_500, lasting: 40 });
    story({
      given: "up to 300 events of each of 3 reservations, in 2 partitions",
      when: [
        "meanwhile this happens to the line between subscriber and broker:",
        ...plan.map(faultInWords),
      ],
      wanted: "the effect of each event once, in order",
    });
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
    await subscriber.reaches("the effects", () => effects, once);
    expect(isPlayed, "whether all faults have come").toBe(true);
  });
});
