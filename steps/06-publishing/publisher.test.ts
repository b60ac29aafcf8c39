import type { Channel, ConfirmChannel } from "amqplib";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { useBroker } from "../../shared/testing/broker.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import {
  confirmingChannel,
  ScriptedChannel,
  type ScriptedMessage,
} from "../../shared/testing/scripted-channel.ts";
import { costs, story } from "../../shared/testing/story.ts";
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
async function stateOf(publishing: Promise<unknown>): Promise<unknown> {
  const due = new Promise((resolve) => setImmediate(() => resolve("on its way")));
  return Promise.race([publishing.then((answer) => answer ?? "done"), due]);
}

const unsettled = "neither resolves nor rejects, though the broker has answered";

/** The broker's side of the one event that was sent. */
function onlyOneSent(channel: ScriptedChannel): ScriptedMessage {
  expect(channel.published, "what was sent").toHaveLength(1);
  return at(channel.published, 0);
}

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
    `publishEvent ${unsettled}`,
  );
}

const topology = topologyFor("workshop");

describe("an event on its way to the broker", () => {
  costs("the relay ticks a cancellation off that no queue has: the room stays taken, and empty");

  it("arrives whole in the queues that are bound for it", async () => {
    story({
      given: "a queue that is bound for every event",
      when: "reservation-1 v1 is published",
      wanted: [
        "the queue has the event whole, as encodeEvent of message.ts has it;",
        "published with `key` as routing key and `options` as they are given",
      ],
      costs: "subscribers cannot read it, tell it from a repeat, or do not get it at all",
    });
    const bus = await openBus();
    const queue = await bus.addQueue();

    await soon(publishEvent(bus.channel, bus.topology, event), `publishEvent ${unsettled}`);

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
    story({
      given: "a broker that has not answered yet",
      when: "reservation-1 v1 is published",
      wanted: "sent once, with the options persistent: true and mandatory: true",
      costs: "the broker restarts, or a queue is bound too late, and the event is nowhere",
    });
    const channel = new ScriptedChannel();

    const publishing = publishEvent(channel, topology, event);

    expect(await stateOf(publishing), "without an answer, the event").toBe("on its way");
    expect(onlyOneSent(channel).options, "how it was sent").toMatchObject({
      persistent: true,
      mandatory: true,
    });
  });

  it("is published only when the broker has confirmed it", async () => {
    story({
      given: "reservation-1 v1 is sent, and the broker has not answered",
      when: "it is looked at; then the broker confirms it",
      wanted: "on its way before the confirm, and resolved after it",
      costs: "the connection breaks before the broker has it, and nobody sends it again",
    });
    const channel = new ScriptedChannel();

    const publishing = publishEvent(channel, topology, event);

    expect(await stateOf(publishing), "before the confirm, the event").toBe("on its way");
    onlyOneSent(channel).confirm();
    expect(await stateOf(publishing), "after the confirm, publishing").toBe("done");
  });

  it("is not published when no queue is bound for it, though it is confirmed", async () => {
    story({
      given: "an exchange to which no queue is bound",
      when: "reservation-1 v1 is published: the broker sends it back, then confirms it",
      wanted: 'rejected: PublishFailed with the fault "returned"',
      costs: "a day without the subscriber's queue, and the events of that day are nowhere",
    });
    const bus = await openBus();

    const publishing = publishEvent(bus.channel, bus.topology, event);

    expect(await outcomeOf(publishing), "an event that no queue wants").toBe("returned");
  });

  it("is not published when the broker refuses it", async () => {
    story({
      given: "a queue of at most 1 message, which is full and refuses more",
      when: "reservation-1 v1 is published: the broker answers with a nack",
      wanted: 'rejected: PublishFailed with the fault "refused"',
      costs: "on the busiest evening a full queue throws bookings away, and nobody is told",
    });
    const bus = await openBus();
    const queue = await bus.addQueue({ "x-max-length": 1, "x-overflow": "reject-publish" });
    bus.channel.sendToQueue(queue, Buffer.from("full"));
    await bus.channel.waitForConfirms();

    const publishing = publishEvent(bus.channel, bus.topology, event);

    expect(await outcomeOf(publishing), "an event for a full queue").toBe("refused");
  });

  it("can be published again after it came back", async () => {
    story({
      given: "reservation-1 v1 came back, as no queue was bound for it",
      when: "a queue is bound, and it is published again on the same channel",
      wanted: 'first rejected as "returned", then published, and 1 message in the queue',
      costs: "one event that once came back keeps the relay from all that follow, until a restart",
    });
    const bus = await openBus();
    const first = await outcomeOf(publishEvent(bus.channel, bus.topology, event));
    const queue = await bus.addQueue();

    const second = await outcomeOf(publishEvent(bus.channel, bus.topology, event));

    expect({ first, second }, "one event, before and after a queue is bound").toEqual({
      first: "returned",
      second: "published",
    });
    const inQueue = await bus.looking.checkQueue(queue);
    expect(inQueue, "what is in the queue").toMatchObject({ messageCount: 1 });
  });

  it("leaves one listener for what comes back, however many events follow it", async () => {
    story({
      given: "a channel",
      when: "v1, v2 and v3 of reservation-1 are published on it, one after another",
      wanted: "one listener for returned messages: `returned` is the channel's, not the event's",
      costs: "each event leaves a listener: a million a day, until the relay's memory is full",
    });
    const channel = confirmingChannel();

    for (const each of history) await publishEvent(channel, topology, each);

    expect(channel.listenerCount("return"), "listeners for returned messages").toBe(1);
  });
});

describe("a batch on its way to the broker", () => {
  costs("a stay is changed on the bus before it is booked, or an event is ticked off unsent");

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
    return message ?? expect.fail(`no message with the id of ${nameOf(wanted)} was sent`);
  }

  /** `reservation-1 v2 refused` for a PublishFailed; anything else as it is. */
  function told(failure: unknown): unknown {
    if (!(failure instanceof PublishFailed)) return failure;
    const event = [...one, ...two, ...three].find(({ id }) => id === failure.eventId);
    return `${event && nameOf(event)} ${failure.fault}`;
  }

  function published(channel: ScriptedChannel, events: readonly EventEnvelope[]) {
    return publishBatch(channel, topology, events).catch((error: unknown) => {
      if (!(error instanceof PublishFailed)) throw error;
      return expect.fail(`publishBatch has thrown "${told(error)}"; it is to answer with it`);
    });
  }

  /** What publishBatch answers, in words. */
  async function answerOf(publishing: Promise<Published>): Promise<Published> {
    const { confirmed, failure } = await soon(publishing, `publishBatch ${unsettled} for all`);
    return { confirmed, failure: told(failure) };
  }

  it("has one event of each stream in flight at once", async () => {
    story({
      given: "reservation-1 v1 and v2, reservation-2 v1 and v2, reservation-3 v1",
      when: "they are published, and the broker has not answered yet",
      wanted: "v1 of all three streams is sent, and nothing else",
      costs: "one round trip for each event: 500 a second where the broker takes 20,000",
    });
    const channel = new ScriptedChannel();

    const publishing = published(channel, [...one, ...two, ...three]);

    expect(await stateOf(publishing), "before any confirm, the batch").toBe("on its way");
    expect(sent(channel), "sent before any confirm").toEqual([
      "reservation-1 v1",
      "reservation-2 v1",
      "reservation-3 v1",
    ]);
  });

  it("sends a stream's next event when the one before it is confirmed", async () => {
    story({
      given: "v1 and v2 of reservation-1 and of reservation-2; both v1 are sent",
      when: "the broker confirms reservation-2 v1 alone",
      wanted: "reservation-2 v2 is sent, and reservation-1 v2 still waits for its v1",
    });
    const channel = new ScriptedChannel();

    const publishing = published(channel, [...one, ...two]);
    expect(await stateOf(publishing), "before any confirm, the batch").toBe("on its way");
    expect(sent(channel), "sent before any confirm").toEqual([
      "reservation-1 v1",
      "reservation-2 v1",
    ]);
    brokerHas(channel, at(two, 0)).confirm();

    expect(await stateOf(publishing), "after one of four confirms, the batch").toBe("on its way");
    expect(sent(channel).slice(2), "sent after reservation-2 v1 is confirmed").toEqual([
      "reservation-2 v2",
    ]);
  });

  it("is confirmed when all of it is", async () => {
    story({
      given: "five events of three streams",
      when: "they are published, and the broker confirms each",
      wanted: "{ confirmed: 5, failure: undefined }, and 5 messages in the queue",
      costs: "the relay believes that something failed, and publishes all five again, for ever",
    });
    const channel = new ScriptedChannel((message) => setImmediate(message.confirm));

    const publishing = published(channel, [...one, ...two, ...three]);

    const answer = await answerOf(publishing);
    expect(answer, "what publishBatch answers").toEqual({ confirmed: 5, failure: undefined });
    expect(channel.queued, "the messages in the queue").toHaveLength(5);
  });

  it("counts what is confirmed from its start, up to the first failure", async () => {
    story({
      given: "a batch: v1 of reservation-1, of reservation-2 and of reservation-3",
      when: "the broker confirms the third, refuses the second, and at last confirms the first",
      wanted: [
        "no answer before the last of these; then { confirmed: 1, failure },",
        "where failure is the PublishFailed of reservation-2 v1",
      ],
      costs: "the checkpoint moves past a refused event: it is never sent again",
    });
    const channel = new ScriptedChannel();
    const [first, second, third] = [at(one, 0), at(two, 0), at(three, 0)];

    const publishing = published(channel, [first, second, third]);
    expect(await stateOf(publishing), "before any answer, the batch").toBe("on its way");
    brokerHas(channel, third).confirm();
    brokerHas(channel, second).refuse();
    const state = await stateOf(publishing);
    expect(state, "with one event refused and another not answered yet, the batch").toBe(
      "on its way",
    );
    brokerHas(channel, first).confirm();

    const answer = { confirmed: 1, failure: "reservation-2 v1 refused" };
    expect(await answerOf(publishing), "what publishBatch answers").toEqual(answer);
  });

  it("keeps back what follows a refused event in its stream", async () => {
    story({
      given: "v1 and v2 of reservation-1 and of reservation-2",
      when: "reservation-1 v1 comes back; v1 and then v2 of reservation-2 are confirmed",
      wanted: [
        "reservation-1 v2 is never sent; at last { confirmed: 0, failure },",
        "where failure is the PublishFailed of reservation-1 v1",
      ],
    });
    const channel = new ScriptedChannel();

    const publishing = published(channel, [...one, ...two]);
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
    expect(await answerOf(publishing), "what publishBatch answers").toEqual(answer);
  });

  it("of no events is confirmed", async () => {
    story({
      when: "a batch without events is published",
      wanted: "{ confirmed: 0, failure: undefined }, at once",
      costs: "a relay with nothing to do reports a failure, or waits for a confirm for ever",
    });
    const publishing = published(new ScriptedChannel(), []);

    const answer = await answerOf(publishing);
    expect(answer, "what publishBatch answers").toEqual({ confirmed: 0, failure: undefined });
  });
});
