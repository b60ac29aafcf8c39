import { type ConfirmChannel, connect } from "amqplib";
import { describe, expect, it } from "vitest";
import {
  cuttableLine,
  eventually,
  gate,
  numbered,
  running,
  useBus,
} from "../../shared/testing/consuming.ts";
import { parkedQueue } from "../../solutions/07-consuming/topology.ts";
import { readParked, sendBackParked } from "./parked.ts";
import { startSubscriber } from "./subscriber.ts";

const buses = useBus();

/** A handler that notes the versions that it has handled, stream by stream. */
function notes() {
  const versions: Record<string, number[]> = {};
  return {
    versions,
    async handle({ streamId, version }: { streamId: string; version: number }): Promise<void> {
      versions[streamId] = [...(versions[streamId] ?? []), version];
    },
  };
}

describe("a subscriber", () => {
  it("handles the events of all partitions", async () => {
    const bus = await buses.open({ partitions: 2 });
    const { versions, handle } = notes();
    const subscriber = await running(startSubscriber, bus, { amqpUrl: buses.url, handle });

    for (const id of ["1", "2", "3"]) await bus.publish(numbered(3, `reservation-${id}`));

    const all = {
      "reservation-1": [1, 2, 3],
      "reservation-2": [1, 2, 3],
      "reservation-3": [1, 2, 3],
    };
    await subscriber.until(eventually(() => versions).toEqual(all));
  });

  it("does not let a slow event hold up another partition", async () => {
    const bus = await buses.open({ partitions: 2 });
    const { pass } = gate();
    const { versions, handle } = notes();
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      handle: (event) => (event.streamId === "reservation-1" ? pass() : handle(event)),
    });

    // reservation-1 is in the one partition, reservation-3 in the other.
    await bus.publish([...numbered(1, "reservation-1"), ...numbered(2, "reservation-3")]);

    await subscriber.until(eventually(() => versions).toEqual({ "reservation-3": [1, 2] }));
  });

  it("parks a poison message, goes on, and handles it when it is sent back", async () => {
    const bus = await buses.open();
    const { versions, handle } = notes();
    let mended = false;
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      maxAttempts: 2,
      async handle(event) {
        if (event.version === 1 && !mended) throw new Error("a bug in the handler");
        await handle(event);
      },
    });
    const parked = parkedQueue(bus.topology, "reservations");

    await bus.publish(numbered(2));
    await subscriber.until(eventually(() => bus.count(parked)).toBe(1));
    const found = await readParked(bus.channel, parked);
    mended = true;
    await sendBackParked(bus.channel, parked);

    await subscriber.until(eventually(() => versions).toEqual({ "reservation-1": [2, 1] }));
    expect(found).toMatchObject([
      { reason: "attempts-used-up", attempts: 2, error: "Error: a bug in the handler" },
    ]);
  });
});

describe("a subscriber that loses something", () => {
  it("comes back after its connection is cut, and the event in hand is delivered again", async () => {
    const bus = await buses.open();
    const line = await cuttableLine(buses.url);
    const { versions, handle } = notes();
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      connectBroker: line.connectBroker,
      async handle(event) {
        await handle(event);
        if (versions["reservation-1"]?.length === 1) await line.cut();
      },
    });

    await bus.publish(numbered(3));

    const twice = { "reservation-1": [1, 1, 2, 3] };
    await subscriber.until(eventually(() => versions).toEqual(twice));
    expect(subscriber.losses).toHaveLength(1);
  });

  it("comes back when the broker closes its channels", async () => {
    const bus = await buses.open();
    const { versions, handle } = notes();
    const channels: ConfirmChannel[] = [];
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      handle,
      async connectBroker(url) {
        const connection = await connect(url);
        const create = connection.createConfirmChannel.bind(connection);
        connection.createConfirmChannel = async () => {
          const channel = await create();
          channels.push(channel);
          return channel;
        };
        return connection;
      },
    });

    await bus.publish(numbered(1));
    await subscriber.until(eventually(() => versions).toEqual({ "reservation-1": [1] }));
    // Asking for a queue that is not there costs the channel: 404.
    for (const channel of channels.splice(0)) {
      await channel.checkQueue(`${bus.queues.queue}.missing`).catch(() => {});
    }
    await bus.publish(numbered(2).slice(1));

    await subscriber.until(eventually(() => versions).toEqual({ "reservation-1": [1, 2] }));
  });

  it("declares a deleted parked queue anew, and parks there what it could not", async () => {
    const bus = await buses.open();
    const { versions, handle } = notes();
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      maxAttempts: 1,
      async handle(event) {
        await handle(event);
        throw new Error("a bug in the handler");
      },
    });

    await bus.channel.deleteQueue(bus.queues.parked);
    await bus.publish(numbered(1));

    await subscriber.until(eventually(() => versions).toEqual({ "reservation-1": [1, 1] }));
    expect(subscriber.losses).toMatchObject([{ name: "QueueMissing" }]);
    await eventually(() => bus.count(bus.queues.parked)).toBe(1);
  });

  it("declares a deleted queue anew, and catches up before it consumes", async () => {
    const bus = await buses.open();
    const { versions, handle } = notes();
    const events = numbered(4);
    let caughtUp = 0;
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      handle,
      async beforeConsuming() {
        caughtUp++;
        // The queue is bound by now: what is published from here on will arrive.
        if (caughtUp === 2) await bus.publish(events.slice(2));
      },
    });

    await bus.publish(events.slice(0, 2));
    await subscriber.until(eventually(() => versions).toEqual({ "reservation-1": [1, 2] }));
    await bus.channel.deleteQueue(bus.queues.queue);

    await subscriber.until(eventually(() => versions).toEqual({ "reservation-1": [1, 2, 3, 4] }));
    expect(caughtUp).toBe(2);
  });

  it("waits for the event in hand before it begins anew", async () => {
    const bus = await buses.open();
    const line = await cuttableLine(buses.url);
    const { pass, reached, open } = gate();
    const log: string[] = [];
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      connectBroker: line.connectBroker,
      async handle({ version }) {
        log.push(`begin ${version}`);
        await pass();
        log.push(`end ${version}`);
      },
    });

    await bus.publish(numbered(1));
    await subscriber.until(reached);
    await line.cut();
    await eventually(() => bus.count(bus.queues.queue)).toBe(1);
    open();

    const once = ["begin 1", "end 1"];
    await subscriber.until(eventually(() => log).toEqual([...once, ...once]));
  });
});

describe("several subscribers of one name", () => {
  it("share the work, and keep each stream in order when one of them stops", async () => {
    const bus = await buses.open({ partitions: 2 });
    const streams = ["reservation-1", "reservation-2", "reservation-3"];
    const { versions, handle } = notes();
    const start = () => running(startSubscriber, bus, { amqpUrl: buses.url, handle });
    const [first, second, third] = [await start(), await start(), await start()];
    const publish = (from: number, to: number) =>
      bus.publish(streams.flatMap((id) => numbered(to, id).slice(from)));

    await publish(0, 20);
    await first.until(eventually(() => versions["reservation-1"]?.length).toBeGreaterThan(0));
    await Promise.all([first.stop(), publish(20, 40)]);
    await Promise.all([second.stop(), publish(40, 60)]);

    const all = numbered(60).map(({ version }) => version);
    const expected = Object.fromEntries(streams.map((id) => [id, all]));
    await third.until(eventually(() => versions).toEqual(expected));
  });

  it("do not begin an event while another of them has one of its partition in hand", async () => {
    const bus = await buses.open();
    const { pass, reached, open } = gate();
    const log: string[] = [];
    const first = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      async handle({ version }) {
        await pass();
        log.push(`first: ${version}`);
      },
    });
    const second = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      handle: async ({ version }) => void log.push(`second: ${version}`),
    });

    await bus.publish(numbered(3));
    await first.until(reached);
    const stopped = first.stop();
    // Asked twice, the broker has dealt with whatever the stopping one has sent so far.
    await bus.count(bus.queues.queue);
    await bus.count(bus.queues.queue);
    open();
    await stopped;

    await second.until(eventually(() => log).toEqual(["first: 1", "second: 2", "second: 3"]));
  });
});

describe("a subscriber that stops", () => {
  it("ends the event in hand, and neither loses nor doubles one", async () => {
    const bus = await buses.open();
    const { pass, reached, open } = gate();
    const { versions, handle } = notes();
    const first = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      async handle(event) {
        await pass();
        await handle(event);
      },
    });

    await bus.publish(numbered(5));
    await first.until(reached);
    const stopped = first.stop();
    open();
    await stopped;
    expect(versions).toEqual({ "reservation-1": [1] });

    const second = await running(startSubscriber, bus, { amqpUrl: buses.url, handle });
    await second.until(eventually(() => versions).toEqual({ "reservation-1": [1, 2, 3, 4, 5] }));
  });

  it("has nothing more to do with the broker", async () => {
    const bus = await buses.open();
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      handle: async () => {},
    });

    await subscriber.stop();
    await subscriber.stop();

    await eventually(
      async () => (await bus.channel.checkQueue(bus.queues.queue)).consumerCount,
    ).toBe(0);
  });
});
