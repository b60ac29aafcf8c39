import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import {
  type Bus,
  deliveriesFrom,
  eventually,
  gate,
  numbered,
  useBus,
} from "../../shared/testing/consuming.ts";
import { readParked } from "../../solutions/07-consuming/parked.ts";
import { consumePartition, type PartitionOptions } from "./partition.ts";

const buses = useBus();

/** The options for a consumer of the bus, and what a test needs to end it or to see that it was lost. */
function consuming(bus: Bus, handle: PartitionOptions["handle"], prefetch = 10) {
  const ending = new AbortController();
  const lose = vi.fn((_why: unknown) => ending.abort());
  const limits = { maxAttempts: 3, maxDeliveries: 3 };
  const options = { queues: bus.queues, handle, prefetch, signal: ending.signal, lose, ...limits };
  return { options, lose, end: () => ending.abort() };
}

/** Which messages the next consumer of the queue finds there, and whether they were delivered before. */
async function left(bus: Bus, count: number): Promise<readonly string[]> {
  await eventually(() => bus.count(bus.queues.queue)).toBe(count);
  const deliveries = await deliveriesFrom(await bus.openChannel(), bus.queues.queue, count);
  const found: string[] = [];
  while (found.length < count) {
    const { content, fields } = await deliveries.next();
    found.push(`${JSON.parse(content.toString()).version}${fields.redelivered ? " again" : ""}`);
  }
  return found;
}

describe("a partition's messages", () => {
  it("are handled one after another, in order", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(20));
    const log: string[] = [];
    const { options } = consuming(bus, async ({ version }) => {
      log.push(`begin ${version}`);
      await turn();
      log.push(`end ${version}`);
    });

    await consumePartition(await bus.openChannel(), options);

    await eventually(() => log).toHaveLength(40);
    expect(log).toEqual(
      numbered(20).flatMap(({ version }) => [`begin ${version}`, `end ${version}`]),
    );
  });

  it("stay with the broker, but for a bounded few that are fetched ahead", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(10));
    const { pass } = gate();
    const { options } = consuming(bus, pass, 4);

    await consumePartition(await bus.openChannel(), options);

    await eventually(() => bus.count(bus.queues.queue)).toBe(6);
  });

  it("go on after one that has failed", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(3));
    const handled: number[] = [];
    const { options, lose } = consuming(bus, async ({ version }) => {
      if (version === 2 && !handled.includes(3)) throw new Error("the database is away");
      handled.push(version);
    });

    await consumePartition(await bus.openChannel(), options);

    await eventually(() => handled).toEqual([1, 3, 2]);
    expect(lose).not.toHaveBeenCalled();
  });

  it("are delivered again when the channel is lost before they are acknowledged", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(3));
    const { pass, reached } = gate();
    const { options, end } = consuming(bus, pass);
    const channel = await bus.openChannel();

    await consumePartition(channel, options);
    await reached;
    end();
    await channel.close();

    expect(await left(bus, 3)).toEqual(["1 again", "2 again", "3 again"]);
  });

  it("are not begun any more once the channel is lost", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(3));
    const { pass, reached, open } = gate();
    const begun: number[] = [];
    const { options, end } = consuming(bus, (event) => {
      begun.push(event.version);
      return pass();
    });
    const channel = await bus.openChannel();

    const consumer = await consumePartition(channel, options);
    await reached;
    await eventually(() => bus.count(bus.queues.queue)).toBe(0);
    end();
    await channel.close();
    open();
    await consumer.drain();

    expect(begun).toEqual([1]);
  });
});

describe("a consumer that the broker cancels", () => {
  it("says that it is lost, and does not crash", async () => {
    const bus = await buses.open();
    const { options, lose } = consuming(bus, async () => {});

    await consumePartition(await bus.openChannel(), options);
    await bus.channel.deleteQueue(bus.queues.queue);

    await eventually(() => lose.mock.calls).toHaveLength(1);
    expect(lose.mock.calls[0]?.[0]).toBeInstanceOf(Error);
    expect(lose.mock.calls[0]?.[0]).not.toBeInstanceOf(TypeError);
  });
});

describe("a consumer that cannot acknowledge", () => {
  it("says that it is lost", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const { options, lose } = consuming(bus, () => channel.close());

    await consumePartition(channel, options);

    await eventually(() => lose.mock.calls).toHaveLength(1);
    expect(lose.mock.calls[0]?.[0]).toMatchObject({ name: "IllegalOperationError" });
  });
});

describe("a consumer that is drained", () => {
  it("ends the message in hand, leaves the others, and has nothing delivered twice", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(4));
    const { pass, reached, open } = gate();
    const { options, end, lose } = consuming(bus, pass);

    const consumer = await consumePartition(await bus.openChannel(), options);
    await reached;
    await eventually(() => bus.count(bus.queues.queue)).toBe(0);
    end();
    const drained = consumer.drain();
    open();
    await drained;

    expect(await left(bus, 3)).toEqual(["2 again", "3 again", "4 again"]);
    expect(lose).not.toHaveBeenCalled();
  });

  it("holds the queue until the message in hand is done", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(2));
    const { pass, reached, open } = gate();
    const { options, end } = consuming(bus, pass);
    const channel = await bus.openChannel();
    const log: string[] = [];
    channel.on("close", () => log.push("channel closed"));

    const consumer = await consumePartition(channel, options);
    await reached;
    const next = await deliveriesFrom(await bus.openChannel(), bus.queues.queue);
    const taken = next.next().then(() => log.push("the next consumer began"));
    end();
    const drained = consumer.drain();
    // The broker has answered after whatever drain has sent so far.
    await bus.count(bus.queues.queue);
    await bus.count(bus.queues.queue);
    log.push("message done");
    open();
    await Promise.all([drained, taken]);

    expect(log[0]).toBe("message done");
    expect(log).toHaveLength(3);
  });
});

describe("a message that ends each process that handles it", () => {
  /** Takes the messages and goes, as a process does that crashes at the first. */
  async function crash(bus: Bus, count: number): Promise<void> {
    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue, count);
    for (let taken = 0; taken < count; taken++) await deliveries.next();
    await channel.close();
  }

  it("is parked at last, and those behind it are handled", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(3));
    for (let crashes = 0; crashes < 3; crashes++) await crash(bus, 3);
    const handled: EventEnvelope[] = [];
    const { options } = consuming(bus, async (event) => void handled.push(event));

    await consumePartition(await bus.openChannel(), options);

    await eventually(() => handled.map((event) => event.version)).toEqual([2, 3]);
    expect(await readParked(bus.channel, bus.queues.parked)).toMatchObject([
      { reason: "no-outcome", attempts: 3, from: bus.queues.queue },
    ]);
  });
});
