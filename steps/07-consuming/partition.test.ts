import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import {
  type Bus,
  deliveriesFrom,
  gate,
  numbered,
  useBus,
} from "../../shared/testing/consuming.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { readParked } from "../../solutions/07-consuming/parked.ts";
import { consumePartition, type PartitionOptions } from "./partition.ts";

const buses = useBus();

/** The options for a consumer of the bus, and what a test needs to end it or to see that it was lost. */
function consuming(bus: Bus, handle: PartitionOptions["handle"], prefetch = 10) {
  const ending = new AbortController();
  const lost: unknown[] = [];
  const lose = (why: unknown): void => {
    lost.push(why);
    ending.abort();
  };
  const limits = { maxAttempts: 3, maxDeliveries: 3 };
  const options = { queues: bus.queues, handle, prefetch, signal: ending.signal, lose, ...limits };
  return { options, lost, end: () => ending.abort() };
}

/** Which messages the next consumer of the queue finds there, and whether they were delivered before. */
async function left(bus: Bus, count: number): Promise<readonly string[]> {
  await until("messages back in the queue", () => bus.count(bus.queues.queue), count);
  const deliveries = await deliveriesFrom(await bus.openChannel(), bus.queues.queue, count);
  const found: string[] = [];
  while (found.length < count) {
    const { content, fields } = await deliveries.next();
    found.push(`${JSON.parse(content.toString()).version}${fields.redelivered ? " again" : ""}`);
  }
  return found;
}

describe("a partition's messages", () => {
  costs("a change of stay overtakes the booking, and one update of the view wipes out the other");

  it("are handled one after another, in order", async () => {
    story({
      given: "versions 1 to 20 of reservation-1 in the queue, and a handler that takes a moment",
      when: "the partition is consumed, with a prefetch of 10",
      wanted: "begin 1, end 1, begin 2, end 2, and so on: never two at once",
    });
    const bus = await buses.open();
    await bus.publish(numbered(20));
    const log: string[] = [];
    const { options, lost } = consuming(bus, async ({ version }) => {
      log.push(`begin ${version}`);
      await turn();
      log.push(`end ${version}`);
    });

    await consumePartition(await bus.openChannel(), options);

    await until("begins and ends in all", () => log.length, 40, lost);
    expect(log, "what the handler did").toEqual(
      numbered(20).flatMap(({ version }) => [`begin ${version}`, `end ${version}`]),
    );
  });

  it("stay with the broker, but for a bounded few that are fetched ahead", async () => {
    story({
      given: "10 messages in the queue",
      when: "it is consumed with a prefetch of 4, and the first one is in hand",
      wanted: "4 are here, 6 still in the queue",
      costs: "after a long night 300,000 messages come at once: out of memory",
    });
    const bus = await buses.open();
    await bus.publish(numbered(10));
    const { pass } = gate();
    const { options, lost } = consuming(bus, pass, 4);

    await consumePartition(await bus.openChannel(), options);

    const inQueue = () => bus.count(bus.queues.queue);
    await until("messages still in the queue", inQueue, 6, lost);
  });

  it("go on after one that has failed", async () => {
    story({
      given: "versions 1, 2 and 3 in the queue",
      when: "the handler throws at 2, the first time",
      wanted: "1, 3, then 2 after the retry delay; lose is not called",
      costs: "one bad event, and the subscriber stands still until Monday",
    });
    const bus = await buses.open();
    await bus.publish(numbered(3));
    const handled: number[] = [];
    const { options, lost } = consuming(bus, async ({ version }) => {
      if (version === 2 && !handled.includes(3)) throw new Error("the database is away");
      handled.push(version);
    });

    await consumePartition(await bus.openChannel(), options);

    await until("the versions handled", () => handled, [1, 3, 2], lost);
    expect(lost, "what lose was told").toEqual([]);
  });

  it("are delivered again when the channel is lost before they are acknowledged", async () => {
    story({
      given: "versions 1, 2 and 3 are fetched, and 1 is in hand",
      when: "the channel is lost",
      wanted: "the next consumer gets 1, 2 and 3, each marked as delivered again",
      costs: "what a crashed process had fetched is never handled by anybody",
    });
    const bus = await buses.open();
    await bus.publish(numbered(3));
    const { pass, reached } = gate();
    const { options, end } = consuming(bus, pass);
    const channel = await bus.openChannel();

    await consumePartition(channel, options);
    await soon(reached, "The handler did not get the first message.");
    end();
    await channel.close();

    expect(await left(bus, 3), "what the next consumer gets").toEqual([
      "1 again",
      "2 again",
      "3 again",
    ]);
  });

  it("are not begun any more once the channel is lost", async () => {
    story({
      given: "versions 1, 2 and 3 are fetched, and 1 is in hand",
      when: "the signal is aborted, the channel is lost, and then 1 is done",
      wanted: "2 and 3 are not begun: another process may have them by now",
    });
    const bus = await buses.open();
    await bus.publish(numbered(3));
    const { pass, reached, open } = gate();
    const begun: number[] = [];
    const { options, lost, end } = consuming(bus, (event) => {
      begun.push(event.version);
      return pass();
    });
    const channel = await bus.openChannel();

    const consumer = await consumePartition(channel, options);
    await soon(reached, "The handler did not get the first message.");
    await until("messages not fetched", () => bus.count(bus.queues.queue), 0, lost);
    end();
    await channel.close();
    open();
    await soon(consumer.drain(), "drain does not come to an end.");

    expect(begun, "the versions begun").toEqual([1]);
  });
});

describe("a consumer that the broker cancels", () => {
  costs("a queue is moved at night; the process crashes, or sits there and consumes nothing");

  it("says that it is lost, and does not crash", async () => {
    story({
      given: "a consumer whose queue is empty",
      when: "the queue is deleted: amqplib calls back with null for a message",
      wanted: "lose is called once, with an error that says so",
    });
    const bus = await buses.open();
    const { options, lost } = consuming(bus, async () => {});

    await consumePartition(await bus.openChannel(), options);
    await bus.channel.deleteQueue(bus.queues.queue);

    await until("calls of lose", () => lost.length, 1, lost);
    expect(lost[0], "what lose was told").toBeInstanceOf(Error);
    expect(lost[0], "what lose was told").not.toBeInstanceOf(TypeError);
  });
});

describe("a consumer that cannot acknowledge", () => {
  costs("it goes on without a channel, and the queue grows all night");

  it("says that it is lost", async () => {
    story({
      given: "version 1 of reservation-1 in the queue",
      when: "the handler takes it, but the channel is closed: the ack throws",
      wanted: "lose is called once, with that IllegalOperationError",
    });
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const { options, lost } = consuming(bus, () => channel.close());

    await consumePartition(channel, options);

    await until("calls of lose", () => lost.length, 1, lost);
    expect(lost[0], "what lose was told").toMatchObject({ name: "IllegalOperationError" });
  });
});

describe("a consumer that is drained", () => {
  costs("at each deployment a few events are handled twice, by the old process and by the new one");

  it("ends the message in hand, leaves the others, and has nothing delivered twice", async () => {
    story({
      given: "versions 1 to 4 are fetched, and 1 is in hand",
      when: "the signal is aborted, drain is called, and then 1 is done",
      wanted: "1 is acked; the next consumer gets 2, 3 and 4; lose is not called",
    });
    const bus = await buses.open();
    await bus.publish(numbered(4));
    const { pass, reached, open } = gate();
    const { options, lost, end } = consuming(bus, pass);

    const consumer = await consumePartition(await bus.openChannel(), options);
    await soon(reached, "The handler did not get the first message.");
    await until("messages not fetched", () => bus.count(bus.queues.queue), 0, lost);
    end();
    const drained = consumer.drain();
    open();
    await soon(drained, "drain does not come to an end.");

    const next = await left(bus, 3);
    expect(next, "what the next consumer gets").toEqual(["2 again", "3 again", "4 again"]);
    expect(lost, "what lose was told").toEqual([]);
  });

  it("holds the queue until the message in hand is done", async () => {
    story({
      given: "versions 1 and 2 are fetched, 1 is in hand, and another process waits for its turn",
      when: "the signal is aborted, drain is called, and a moment later 1 is done",
      wanted: "only then the channel is closed, and the other one begins",
      costs: "1 and 2 are handled side by side, in two processes, in any order",
    });
    const bus = await buses.open();
    await bus.publish(numbered(2));
    const { pass, reached, open } = gate();
    const { options, end } = consuming(bus, pass);
    const channel = await bus.openChannel();
    const log: string[] = [];
    channel.on("close", () => log.push("channel closed"));

    const consumer = await consumePartition(channel, options);
    await soon(reached, "The handler did not get the first message.");
    const next = await deliveriesFrom(await bus.openChannel(), bus.queues.queue);
    const taken = next.next().then(() => log.push("the next consumer began"));
    end();
    const drained = consumer.drain();
    // The broker has answered after whatever drain has sent so far.
    await bus.count(bus.queues.queue);
    await bus.count(bus.queues.queue);
    log.push("message done");
    open();
    const both = Promise.all([drained, taken]);
    await soon(both, () => `nothing came after: ${log.join(", ")}`);

    expect(log.slice(0, 1), "what came first").toEqual(["message done"]);
    expect(log.slice(1).sort(), "what came then").toEqual([
      "channel closed",
      "the next consumer began",
    ]);
  });
});

describe("a message that ends each process that handles it", () => {
  costs("one message exhausts the memory of each process that is started");

  /** Takes the messages and goes, as a process does that crashes at the first. */
  async function crash(bus: Bus, count: number): Promise<void> {
    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue, count);
    for (let taken = 0; taken < count; taken++) await deliveries.next();
    await channel.close();
  }

  it("is parked at last, and those behind it are handled", async () => {
    story({
      given: "three processes have fetched versions 1, 2 and 3, and died at 1",
      when: "the next process consumes the partition",
      wanted: "1 is parked as no-outcome, unhandled; 2 and then 3 are handled",
    });
    const bus = await buses.open();
    await bus.publish(numbered(3));
    for (let crashes = 0; crashes < 3; crashes++) await crash(bus, 3);
    const handled: EventEnvelope[] = [];
    const { options, lost } = consuming(bus, async (event) => void handled.push(event));

    await consumePartition(await bus.openChannel(), options);

    await until("versions handled", () => handled.map(({ version }) => version), [2, 3], lost);
    expect(await readParked(bus.channel, bus.queues.parked), "what is parked").toMatchObject([
      { reason: "no-outcome", attempts: 3, from: bus.queues.queue },
    ]);
  });
});
