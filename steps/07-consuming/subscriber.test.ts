import { type ConfirmChannel, connect } from "amqplib";
import { describe, expect, it } from "vitest";
import { cuttableLine, gate, numbered, running, useBus } from "../../shared/testing/consuming.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { parkedQueue } from "../../solutions/07-consuming/topology.ts";
import { readParked, sendBackParked } from "./parked.ts";
import { startSubscriber } from "./subscriber.ts";

const buses = useBus();
const handledOnes = "the versions handled";
const notReached = "The handler did not get the first event.";

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
  costs("no mail, no view, no bill, for every guest whose events lie in the partition that stands");

  it("handles the events of all partitions", async () => {
    story({
      given: "a subscriber of 2 partitions",
      when: "versions 1 to 3 of reservation-1, -2 and -3 are published",
      wanted: "all 9 are handled, each reservation's in order",
    });
    const bus = await buses.open({ partitions: 2 });
    const { versions, handle } = notes();
    const subscriber = await running(startSubscriber, bus, { amqpUrl: buses.url, handle });

    for (const id of ["1", "2", "3"]) await bus.publish(numbered(3, `reservation-${id}`));

    const all = {
      "reservation-1": [1, 2, 3],
      "reservation-2": [1, 2, 3],
      "reservation-3": [1, 2, 3],
    };
    await subscriber.reaches(handledOnes, () => versions, all);
  });

  it("does not let a slow event hold up another partition", async () => {
    story({
      given: "reservation-1 in the one partition, reservation-3 in the other",
      when: "the handler is still at work on version 1 of reservation-1",
      wanted: "versions 1 and 2 of reservation-3 are handled meanwhile",
    });
    const bus = await buses.open({ partitions: 2 });
    const { pass } = gate();
    const { versions, handle } = notes();
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      handle: (event) => (event.streamId === "reservation-1" ? pass() : handle(event)),
    });

    // reservation-1 is in the one partition, reservation-3 in the other.
    await bus.publish([...numbered(1, "reservation-1"), ...numbered(2, "reservation-3")]);

    await subscriber.reaches(handledOnes, () => versions, { "reservation-3": [1, 2] });
  });

  it("parks a poison message, goes on, and handles it when it is sent back", async () => {
    story({
      given: "the handler throws at version 1; after 2 attempts it is parked",
      when: "1 and 2 are published, the bug is mended, and 1 is sent back",
      wanted: "2 is handled, later 1, which was parked with the handler's error",
    });
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
    await subscriber.reaches("messages in the parked queue", () => bus.count(parked), 1);
    const found = await readParked(bus.channel, parked);
    mended = true;
    await sendBackParked(bus.channel, parked);

    await subscriber.reaches(handledOnes, () => versions, { "reservation-1": [2, 1] });
    expect(found, "what was parked").toMatchObject([
      { reason: "attempts-used-up", attempts: 2, error: "Error: a bug in the handler" },
    ]);
  });
});

describe("a subscriber that loses something", () => {
  costs("the broker restarts on Sunday, and no event is handled until Monday");

  it("comes back after its connection is cut, and the event in hand is delivered again", async () => {
    story({
      given: "the effect of version 1 is done, and its ack not yet sent",
      when: "the connection is cut, with versions 2 and 3 in the queue",
      wanted: "it connects anew: 1 comes again, then 2 and 3; one loss is told",
    });
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
    await subscriber.reaches(handledOnes, () => versions, twice);
    expect(subscriber.losses.map(String), "what it was told that it lost").toHaveLength(1);
  });

  it("comes back when the broker closes its channels", async () => {
    story({
      given: "version 1 is handled",
      when: "the broker closes its channels (404), and version 2 is published",
      wanted: "new channels, and 2 is handled",
    });
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
    await subscriber.reaches(handledOnes, () => versions, { "reservation-1": [1] });
    // Asking for a queue that is not there costs the channel: 404.
    for (const channel of channels.splice(0)) {
      await channel.checkQueue(`${bus.queues.queue}.missing`).catch(() => {});
    }
    await bus.publish(numbered(2).slice(1));

    await subscriber.reaches(handledOnes, () => versions, { "reservation-1": [1, 2] });
  });

  it("declares a deleted parked queue anew, and parks there what it could not", async () => {
    story({
      given: "somebody has deleted the parked queue, and one attempt is allowed",
      when: "version 1 is published, and the handler throws",
      wanted: "parking fails: QueueMissing is the loss. It begins anew: 1 comes again, is parked",
      costs: "acked without having been parked: the message is nowhere",
    });
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

    await subscriber.reaches(handledOnes, () => versions, { "reservation-1": [1, 1] });
    expect(subscriber.losses, "what it was told that it lost").toMatchObject([
      { name: "QueueMissing" },
    ]);
    await until("messages in the parked queue", () => bus.count(bus.queues.parked), 1);
  });

  it("declares a deleted queue anew, and catches up before it consumes", async () => {
    story({
      given: "versions 1 and 2 are handled",
      when: "the queue is deleted; as soon as it is back, 3 and 4 are published",
      wanted: "3 and 4 are handled; beforeConsuming ran twice, before consuming",
    });
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
    await subscriber.reaches(handledOnes, () => versions, { "reservation-1": [1, 2] });
    await bus.channel.deleteQueue(bus.queues.queue);

    await subscriber.reaches(handledOnes, () => versions, { "reservation-1": [1, 2, 3, 4] });
    expect(caughtUp, "how often beforeConsuming ran").toBe(2);
  });

  it("waits for the event in hand before it begins anew", async () => {
    story({
      given: "version 1 is in hand",
      when: "the connection is cut, 1 is in its queue again, and then it is done",
      wanted: "begin 1, end 1, and only then begin 1, end 1 once more",
      costs: "one event is handled twice at the same time: both read the view, both add a room",
    });
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
    await subscriber.until(soon(reached, notReached));
    await line.cut();
    await until("messages back in the queue", () => bus.count(bus.queues.queue), 1);
    open();

    const once = ["begin 1", "end 1"];
    await subscriber.reaches("what the handler did", () => log, [...once, ...once]);
  });
});

describe("several subscribers of one name", () => {
  costs("two processes, for safety, and a guest's cancellation is handled before her booking");

  it("share the work, and keep each stream in order when one of them stops", async () => {
    story({
      given: "3 subscribers, 2 partitions, 60 events of each of 3 reservations",
      when: "the first stops between the events, then the second",
      wanted: "each reservation's versions 1 to 60, in order, each once",
    });
    const bus = await buses.open({ partitions: 2 });
    const streams = ["reservation-1", "reservation-2", "reservation-3"];
    const { versions, handle } = notes();
    const start = () => running(startSubscriber, bus, { amqpUrl: buses.url, handle });
    const [first, second, third] = [await start(), await start(), await start()];
    const publish = (from: number, to: number) =>
      bus.publish(streams.flatMap((id) => numbered(to, id).slice(from)));

    await publish(0, 20);
    const hasBegun = () => versions["reservation-1"] !== undefined;
    await first.reaches("whether reservation-1 has begun", hasBegun, true);
    await Promise.all([first.stop(), publish(20, 40)]);
    await Promise.all([second.stop(), publish(40, 60)]);

    const all = numbered(60).map(({ version }) => version);
    const expected = Object.fromEntries(streams.map((id) => [id, all]));
    await third.reaches(handledOnes, () => versions, expected);
  });

  it("do not begin an event while another of them has one of its partition in hand", async () => {
    story({
      given: "versions 1 to 3 of one partition; the first subscriber has 1 in hand",
      when: "it is asked to stop, and a moment later 1 is done",
      wanted: "first: 1, and only then second: 2, second: 3",
    });
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
    await first.until(soon(reached, notReached));
    const stopped = first.stop();
    // Asked twice, the broker has dealt with whatever the stopping one has sent so far.
    await bus.count(bus.queues.queue);
    await bus.count(bus.queues.queue);
    open();
    await soon(stopped, "stop does not come to an end.");

    const inOrder = ["first: 1", "second: 2", "second: 3"];
    await second.reaches("who handled what", () => log, inOrder);
  });
});

describe("a subscriber that stops", () => {
  costs("each deployment loses a few confirmations, or sends them twice");

  it("ends the event in hand, and neither loses nor doubles one", async () => {
    story({
      given: "versions 1 to 5 are fetched, and 1 is in hand",
      when: "it is asked to stop, 1 is done, and then another subscriber starts",
      wanted: "the first has handled 1, the second 2 to 5: each once, in order",
    });
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
    await first.until(soon(reached, notReached));
    const stopped = first.stop();
    open();
    await soon(stopped, "stop does not come to an end.");
    expect(versions, "what the first has handled").toEqual({ "reservation-1": [1] });

    const second = await running(startSubscriber, bus, { amqpUrl: buses.url, handle });
    const all = { "reservation-1": [1, 2, 3, 4, 5] };
    await second.reaches("what both have handled", () => versions, all);
  });

  it("has nothing more to do with the broker", async () => {
    story({
      given: "a subscriber with nothing to do",
      when: "it is asked to stop, twice",
      wanted: "both calls come to an end, and its queue has no consumer any more",
    });
    const bus = await buses.open();
    const subscriber = await running(startSubscriber, bus, {
      amqpUrl: buses.url,
      handle: async () => {},
    });

    await soon(subscriber.stop(), "The first stop does not come to an end.");
    await soon(subscriber.stop(), "The second stop does not come to an end.");

    const consumers = async () => (await bus.channel.checkQueue(bus.queues.queue)).consumerCount;
    await until("consumers of the queue", consumers, 0);
  });
});
