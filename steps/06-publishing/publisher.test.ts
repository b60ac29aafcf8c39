import type { Channel, ConfirmChannel } from "amqplib";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { useBroker } from "../../shared/testing/broker.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { ScriptedChannel } from "../../shared/testing/scripted-channel.ts";
import { decodeEvent } from "./message.ts";
import { publishBatch, publishEvent } from "./publisher.ts";
import { assertExchange, routingKey, type Topology, topologyFor } from "./topology.ts";

const broker = useBroker();
const history = recorded("reservation-1", [created, confirmed, stayChanged]);
const event = at(history, 0);

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no item ${index}.`);
  return item;
}

interface Bus {
  readonly topology: Topology;
  readonly channel: ConfirmChannel;
  /** Another channel, to look into queues. */
  readonly looking: Channel;
  /** A queue that gets every event. */
  addQueue(options?: Record<string, unknown>): Promise<string>;
}

async function openBus(): Promise<Bus> {
  const topology = topologyFor(broker.prefix);
  broker.registerExchanges(topology.exchange);
  const connection = await broker.connect();
  const looking = await connection.createChannel();
  await assertExchange(looking, topology);
  return {
    topology,
    looking,
    channel: await connection.createConfirmChannel(),
    async addQueue(options = {}) {
      const queue = `${broker.prefix}.everything`;
      broker.registerQueues(queue);
      await looking.assertQueue(queue, { durable: true, arguments: options });
      await looking.bindQueue(queue, topology.exchange, "#");
      return queue;
    },
  };
}

/** Where the promise stands once everything that is due has run. Throws what it is rejected with. */
async function stateOf(promise: Promise<unknown>): Promise<"pending" | "resolved"> {
  const due = new Promise<"pending">((resolve) => setImmediate(() => resolve("pending")));
  return Promise.race([promise.then(() => "resolved" as const), due]);
}

const topology = topologyFor("workshop");

describe("an event on its way to the broker", () => {
  it("arrives whole in the queues that are bound for it", async () => {
    const bus = await openBus();
    const queue = await bus.addQueue();

    await publishEvent(bus.channel, bus.topology, event);

    const message = await bus.looking.get(queue, { noAck: true });
    if (!message) return expect.fail("The queue is empty.");
    expect(decodeEvent(message.content)).toEqual(event);
    expect(message.fields).toMatchObject({
      exchange: bus.topology.exchange,
      routingKey: routingKey(event, bus.topology.partitions),
    });
    expect(message.properties).toMatchObject({
      messageId: event.id,
      contentType: "application/json",
    });
  });

  it("is asked to survive the broker's restart, and to come back when no queue wants it", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishEvent(channel, topology, event);

    expect(await stateOf(publishing)).toBe("pending");
    expect(channel.published).toHaveLength(1);
    expect(channel.published[0]?.options).toMatchObject({ persistent: true, mandatory: true });
  });

  it("is published only when the broker has confirmed it", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishEvent(channel, topology, event);

    expect(await stateOf(publishing)).toBe("pending");
    at(channel.published, 0).confirm();
    expect(await stateOf(publishing)).toBe("resolved");
  });

  it("is not published when no queue is bound for it, though it is confirmed", async () => {
    const bus = await openBus();

    const publishing = publishEvent(bus.channel, bus.topology, event);

    await expect(publishing).rejects.toMatchObject({
      name: "PublishFailed",
      eventId: event.id,
      fault: "returned",
    });
  });

  it("is not published when the broker refuses it", async () => {
    const bus = await openBus();
    const queue = await bus.addQueue({ "x-max-length": 1, "x-overflow": "reject-publish" });
    const inTheWay = bus.channel.sendToQueue(queue, Buffer.from("full"));
    await bus.channel.waitForConfirms();

    const publishing = publishEvent(bus.channel, bus.topology, event);

    expect(inTheWay).toBe(true);
    await expect(publishing).rejects.toMatchObject({
      name: "PublishFailed",
      eventId: event.id,
      fault: "refused",
    });
  });

  it("can be published again after it came back", async () => {
    const bus = await openBus();
    const outcome = await publishEvent(bus.channel, bus.topology, event).catch(
      (error: unknown) => error,
    );
    expect(outcome).toMatchObject({ name: "PublishFailed", fault: "returned" });
    const queue = await bus.addQueue();

    await publishEvent(bus.channel, bus.topology, event);

    expect(await bus.looking.checkQueue(queue)).toMatchObject({ messageCount: 1 });
  });
});

describe("a batch on its way to the broker", () => {
  const one = recorded("reservation-1", [created, confirmed]);
  const two = recorded("reservation-2", [created, confirmed]);
  const three = recorded("reservation-3", [created]);

  /** `reservation-1 v2`, in the order of publishing. */
  function published(channel: ScriptedChannel): readonly string[] {
    return channel.published.map(({ content }) => {
      const { streamId, version } = decodeEvent(content);
      return `${streamId} v${version}`;
    });
  }

  function sent(channel: ScriptedChannel, wanted: EventEnvelope): ScriptedChannel["published"][0] {
    const message = channel.published.find(({ messageId }) => messageId === wanted.id);
    return message ?? expect.fail(`${wanted.streamId} v${wanted.version} was not published.`);
  }

  it("has one event of each stream in flight at once", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishBatch(channel, topology, [...one, ...two, ...three]);

    expect(await stateOf(publishing)).toBe("pending");
    expect(published(channel)).toEqual([
      "reservation-1 v1",
      "reservation-2 v1",
      "reservation-3 v1",
    ]);
  });

  it("sends a stream's next event when the one before it is confirmed", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishBatch(channel, topology, [...one, ...two]);
    expect(await stateOf(publishing)).toBe("pending");
    expect(channel.published).toHaveLength(2);
    sent(channel, at(two, 0)).confirm();

    expect(await stateOf(publishing)).toBe("pending");
    expect(published(channel).slice(2)).toEqual(["reservation-2 v2"]);
  });

  it("is confirmed when all of it is", async () => {
    const channel = new ScriptedChannel((message) => setImmediate(message.confirm));

    const outcome = await publishBatch(channel, topology, [...one, ...two, ...three]);

    expect(outcome).toEqual({ confirmed: 5, failure: undefined });
    expect(channel.queued).toHaveLength(5);
  });

  it("counts what is confirmed from its start, up to the first failure", async () => {
    const channel = new ScriptedChannel();
    const [first, second, third] = [at(one, 0), at(two, 0), at(three, 0)];

    const publishing = publishBatch(channel, topology, [first, second, third]);
    expect(await stateOf(publishing)).toBe("pending");
    sent(channel, third).confirm();
    sent(channel, second).refuse();
    expect(await stateOf(publishing)).toBe("pending");
    sent(channel, first).confirm();

    expect(await publishing).toMatchObject({
      confirmed: 1,
      failure: { name: "PublishFailed", eventId: second.id, fault: "refused" },
    });
  });

  it("keeps back what follows a refused event in its stream", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishBatch(channel, topology, [...one, ...two]);
    expect(await stateOf(publishing)).toBe("pending");
    sent(channel, at(one, 0)).giveBack();
    sent(channel, at(two, 0)).confirm();
    expect(await stateOf(publishing)).toBe("pending");
    sent(channel, at(two, 1)).confirm();

    expect(await publishing).toMatchObject({
      confirmed: 0,
      failure: { name: "PublishFailed", eventId: at(one, 0).id, fault: "returned" },
    });
    expect(published(channel)).toEqual([
      "reservation-1 v1",
      "reservation-2 v1",
      "reservation-2 v2",
    ]);
  });
});
