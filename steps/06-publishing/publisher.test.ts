import type { Channel, ConfirmChannel } from "amqplib";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { useBroker } from "../../shared/testing/broker.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { ScriptedChannel, type ScriptedMessage } from "../../shared/testing/scripted-channel.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { decodeEvent } from "./message.ts";
import { type Published, PublishFailed, publishBatch, publishEvent } from "./publisher.ts";
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

/** Where publishing stands once everything that is due has run. Throws what it is rejected with. */
async function stateOf(publishing: Promise<unknown>): Promise<"on its way" | "done"> {
  const due = new Promise<"on its way">((resolve) => setImmediate(() => resolve("on its way")));
  return Promise.race([publishing.then(() => "done" as const), due]);
}

const unsettled = "it neither resolves nor rejects, though the broker has answered";

/** `published`, or the fault that publishing `event` failed with. */
async function outcomeOf(publishing: Promise<void>): Promise<string> {
  const failed = (error: unknown): string => {
    expect(error, "what publishEvent rejects with").toBeInstanceOf(PublishFailed);
    if (!(error instanceof PublishFailed)) return "another error";
    expect(error.eventId, "the id of the event that failed").toBe(event.id);
    return error.fault;
  };
  return soon(
    publishing.then(() => "published", failed),
    `publishEvent: ${unsettled}`,
  );
}

const topology = topologyFor("workshop");

describe("an event on its way to the broker", () => {
  it("arrives whole in the queues that are bound for it", async () => {
    const bus = await openBus();
    const queue = await bus.addQueue();

    await soon(publishEvent(bus.channel, bus.topology, event), `publishEvent: ${unsettled}`);

    const message = await bus.looking.get(queue, { noAck: true });
    if (!message) return expect.fail("publishEvent has resolved, and the queue is empty");
    expect(decodeEvent(message.content), "the event in the queue").toEqual(event);
    expect(message.fields, "where it was published").toMatchObject({
      exchange: bus.topology.exchange,
      routingKey: routingKey(event, bus.topology.partitions),
    });
    expect(message.properties, "the message's properties").toMatchObject({
      messageId: event.id,
      contentType: "application/json",
    });
  });

  it("is asked to survive the broker's restart, and to come back when no queue wants it", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishEvent(channel, topology, event);

    expect(await stateOf(publishing), "without an answer, the event").toBe("on its way");
    expect(channel.published, "what was sent").toHaveLength(1);
    expect(channel.published[0]?.options, "how it was sent").toMatchObject({
      persistent: true,
      mandatory: true,
    });
  });

  it("is published only when the broker has confirmed it", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishEvent(channel, topology, event);

    expect(await stateOf(publishing), "before the confirm, the event").toBe("on its way");
    at(channel.published, 0).confirm();
    expect(await stateOf(publishing), "after the confirm, publishing").toBe("done");
  });

  it("is not published when no queue is bound for it, though it is confirmed", async () => {
    const bus = await openBus();

    const publishing = publishEvent(bus.channel, bus.topology, event);

    expect(await outcomeOf(publishing), "an event that no queue wants").toBe("returned");
  });

  it("is not published when the broker refuses it", async () => {
    const bus = await openBus();
    const queue = await bus.addQueue({ "x-max-length": 1, "x-overflow": "reject-publish" });
    bus.channel.sendToQueue(queue, Buffer.from("full"));
    await bus.channel.waitForConfirms();

    const publishing = publishEvent(bus.channel, bus.topology, event);

    expect(await outcomeOf(publishing), "an event for a full queue").toBe("refused");
  });

  it("can be published again after it came back", async () => {
    const bus = await openBus();
    const first = await outcomeOf(publishEvent(bus.channel, bus.topology, event));
    const queue = await bus.addQueue();

    const second = await outcomeOf(publishEvent(bus.channel, bus.topology, event));

    expect({ first, second }, "one event, before and after a queue is bound").toEqual({
      first: "returned",
      second: "published",
    });
    expect(await bus.looking.checkQueue(queue)).toMatchObject({ messageCount: 1 });
  });
});

describe("a batch on its way to the broker", () => {
  const one = recorded("reservation-1", [created, confirmed]);
  const two = recorded("reservation-2", [created, confirmed]);
  const three = recorded("reservation-3", [created]);

  function nameOf({ streamId, version }: EventEnvelope): string {
    return `${streamId} v${version}`;
  }

  /** `reservation-1 v2`, in the order of sending. */
  function sent(channel: ScriptedChannel): readonly string[] {
    return channel.published.map(({ content }) => nameOf(decodeEvent(content)));
  }

  /** The broker's side of the event. */
  function brokerHas(channel: ScriptedChannel, wanted: EventEnvelope): ScriptedMessage {
    const message = channel.published.find(({ messageId }) => messageId === wanted.id);
    return message ?? expect.fail(`${nameOf(wanted)} was not sent`);
  }

  /** What publishBatch answers, with `reservation-1 v2 refused` for a failure. */
  async function answerOf(publishing: Promise<Published>): Promise<unknown> {
    const { confirmed, failure } = await soon(publishing, `publishBatch: ${unsettled} for all`);
    if (!(failure instanceof PublishFailed)) return { confirmed, failure };
    const event = [...one, ...two, ...three].find(({ id }) => id === failure.eventId);
    return { confirmed, failure: `${event && nameOf(event)} ${failure.fault}` };
  }

  it("has one event of each stream in flight at once", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishBatch(channel, topology, [...one, ...two, ...three]);

    expect(await stateOf(publishing), "before any confirm, the batch").toBe("on its way");
    expect(sent(channel), "sent before any confirm").toEqual([
      "reservation-1 v1",
      "reservation-2 v1",
      "reservation-3 v1",
    ]);
  });

  it("sends a stream's next event when the one before it is confirmed", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishBatch(channel, topology, [...one, ...two]);
    expect(await stateOf(publishing), "before any confirm, the batch").toBe("on its way");
    expect(sent(channel), "sent before any confirm").toHaveLength(2);
    brokerHas(channel, at(two, 0)).confirm();

    expect(await stateOf(publishing), "after one of four confirms, the batch").toBe("on its way");
    expect(sent(channel).slice(2), "sent after reservation-2 v1 is confirmed").toEqual([
      "reservation-2 v2",
    ]);
  });

  it("is confirmed when all of it is", async () => {
    const channel = new ScriptedChannel((message) => setImmediate(message.confirm));

    const publishing = publishBatch(channel, topology, [...one, ...two, ...three]);

    expect(await answerOf(publishing)).toEqual({ confirmed: 5, failure: undefined });
    expect(channel.queued).toHaveLength(5);
  });

  it("counts what is confirmed from its start, up to the first failure", async () => {
    const channel = new ScriptedChannel();
    const [first, second, third] = [at(one, 0), at(two, 0), at(three, 0)];

    const publishing = publishBatch(channel, topology, [first, second, third]);
    expect(await stateOf(publishing), "before any answer, the batch").toBe("on its way");
    brokerHas(channel, third).confirm();
    brokerHas(channel, second).refuse();
    const state = await stateOf(publishing);
    expect(state, "with one event refused and another not answered yet, the batch").toBe(
      "on its way",
    );
    brokerHas(channel, first).confirm();

    const answer = { confirmed: 1, failure: "reservation-2 v1 refused" };
    expect(await answerOf(publishing), "1 confirmed, 2 refused, 3 confirmed").toEqual(answer);
  });

  it("keeps back what follows a refused event in its stream", async () => {
    const channel = new ScriptedChannel();

    const publishing = publishBatch(channel, topology, [...one, ...two]);
    expect(await stateOf(publishing), "before any answer, the batch").toBe("on its way");
    brokerHas(channel, at(one, 0)).giveBack();
    brokerHas(channel, at(two, 0)).confirm();
    const state = await stateOf(publishing);
    expect(sent(channel), "sent once reservation-1 v1 came back").toEqual([
      "reservation-1 v1",
      "reservation-2 v1",
      "reservation-2 v2",
    ]);
    expect(state, "while reservation-2 v2 has no answer, the batch").toBe("on its way");
    brokerHas(channel, at(two, 1)).confirm();

    const answer = { confirmed: 0, failure: "reservation-1 v1 returned" };
    expect(await answerOf(publishing), "the first came back, what follows counts not").toEqual(
      answer,
    );
  });

  it("of no events is confirmed", async () => {
    const publishing = publishBatch(new ScriptedChannel(), topology, []);

    expect(await answerOf(publishing)).toEqual({ confirmed: 0, failure: undefined });
  });
});
