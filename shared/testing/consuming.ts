/** What the tests of step 07 stand on: a bus with a subscriber's queues, gates, and a line to cut. */

import { setTimeout as delay } from "node:timers/promises";
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from "amqplib";
import { afterEach, expect } from "vitest";
import { encodeEvent } from "../../solutions/06-publishing/message.ts";
import {
  assertExchange,
  routingKey,
  type Topology,
  topologyFor,
} from "../../solutions/06-publishing/topology.ts";
import type { Subscriber, SubscriberOptions } from "../../solutions/07-consuming/subscriber.ts";
import {
  assertQueues,
  type PartitionQueues,
  partitionQueues,
  queueNames,
} from "../../solutions/07-consuming/topology.ts";
import { startProxy, type TcpProxy } from "../infrastructure/proxy.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import { type TestBroker, useBroker } from "./broker.ts";
import { recorded } from "./new-events.ts";
import { isMistake, soon, until } from "./waiting.ts";

/** The subscriber in these tests is called so. */
const subscriberName = "reservations";

export interface Bus {
  readonly topology: Topology;
  /** Those of the first partition, which is the only one unless the test asks for more. */
  readonly queues: PartitionQueues;
  /** The test's own channel. */
  readonly channel: ConfirmChannel;
  openChannel(): Promise<ConfirmChannel>;
  publish(events: readonly EventEnvelope[]): Promise<void>;
  /** Puts anything at all into a queue. */
  send(queue: string, content: string | Buffer, headers?: object): Promise<void>;
  /** How many messages are ready in the queue; those that a consumer holds are not. */
  count(queue: string): Promise<number>;
}

const atTheEnd: (() => unknown)[] = [];
const proxies: TcpProxy[] = [];

/** A bus of its own for each test. Call it at the top of the file. */
export function useBus(): {
  readonly url: string;
  /** An exchange with the queues of a subscriber, as the given code declares them. */
  open(options?: BusOptions): Promise<Bus>;
} {
  const broker = useBroker();
  // After the broker's own hook in the file, so before it in time: subscribers end, then queues go.
  afterEach(async () => {
    const ended = Promise.all(atTheEnd.splice(0).map((end) => end()));
    // A subscriber that never stops has failed its test already.
    await Promise.race([ended, delay(3000, undefined, { ref: false })]);
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  });
  return {
    get url() {
      return broker.url;
    },
    open: (options) => openBus(broker, options),
  };
}

interface BusOptions {
  readonly partitions?: number;
  readonly retryDelay?: number;
}

async function openBus(
  broker: TestBroker,
  { partitions = 1, retryDelay = 20 }: BusOptions = {},
): Promise<Bus> {
  const topology = topologyFor(broker.prefix, partitions);
  broker.registerExchanges(topology.exchange);
  broker.registerQueues(...queueNames(topology, subscriberName));
  const connection = await broker.connect();
  const openChannel = async (): Promise<ConfirmChannel> => {
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => {}); // the test sees it as the failed request
    return channel;
  };
  const channel = await openChannel();
  await assertExchange(channel, topology);
  await assertQueues(channel, topology, subscriberName, retryDelay);
  const [queues] = partitionQueues(topology, subscriberName);
  if (!queues) throw new RangeError("A bus needs a partition.");
  return {
    topology,
    queues,
    channel,
    openChannel,
    async publish(events) {
      for (const event of events) {
        const key = routingKey(event, topology.partitions);
        const options = { persistent: true, messageId: event.id, type: event.type };
        channel.publish(topology.exchange, key, encodeEvent(event), options);
      }
      await channel.waitForConfirms();
    },
    async send(queue, content, headers = {}) {
      channel.sendToQueue(queue, Buffer.from(content), { persistent: true, headers });
      await channel.waitForConfirms();
    },
    count: async (queue) => (await channel.checkQueue(queue)).messageCount,
  };
}

/** `count` events of one stream. What they say plays no part here. */
export function numbered(count: number, streamId = "reservation-1"): EventEnvelope[] {
  const events = Array.from({ length: count }, (_, index) => ({
    type: "ReservationConfirmed",
    data: { reservationId: streamId, number: index + 1 },
  }));
  return recorded(streamId, events);
}

/** A consumer that hands its messages over as the test asks for them. */
export async function deliveriesFrom(
  channel: ConfirmChannel,
  queue: string,
  prefetch = 1,
): Promise<{ next(): Promise<ConsumeMessage> }> {
  const arrived: ConsumeMessage[] = [];
  const waiting: ((message: ConsumeMessage) => void)[] = [];
  await channel.prefetch(prefetch);
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const taker = waiting.shift();
    if (taker) taker(message);
    else arrived.push(message);
  });
  return {
    next() {
      const message = arrived.shift();
      if (message) return Promise.resolve(message);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

/**
 * What the next consumer of the queue gets first: "nothing" when all that was in it is settled. A count would
 * not do, because the broker takes back what a closed channel held a moment later.
 */
export async function leftIn(bus: Bus): Promise<string> {
  await bus.send(bus.queues.queue, "nothing");
  const deliveries = await deliveriesFrom(await bus.openChannel(), bus.queues.queue);
  return (await deliveries.next()).content.toString();
}

/** How many messages are ready in each queue of the first partition. */
export async function messagesIn(bus: Bus): Promise<Readonly<Record<string, number>>> {
  const { queue, retry, parked } = bus.queues;
  return {
    "its own queue": await bus.count(queue),
    "the retry queue": await bus.count(retry),
    "the parked queue": await bus.count(parked),
  };
}

/** `expect.poll`, soon when all is well and patient when the machine is busy. */
export function eventually<T>(read: () => T, message = ""): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 5000, interval: 10, message });
}

export interface Gate {
  /** Resolves when someone waits at the gate. */
  readonly reached: Promise<void>;
  /** Waits until the gate is opened. */
  pass(): Promise<void>;
  open(): void;
}

/** Opened after the test at the latest, so that nothing hangs when an assertion fails before. */
export function gate(): Gate {
  let open = (): void => {};
  let arrive = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  atTheEnd.push(open);
  return {
    reached,
    pass() {
      arrive();
      return opened;
    },
    open,
  };
}

export interface RunningSubscriber extends Subscriber {
  /** What it was told that it has lost, in order. */
  readonly losses: readonly unknown[];
  /** Waits, but no longer than until it is known that a function is not written yet, or has a mistake. */
  until<T>(awaited: PromiseLike<T>): Promise<T>;
  /** Waits until `read` gives what is expected, which is `what`; what was lost is told where it does not. */
  reaches<Value>(what: string, read: () => Promise<Value> | Value, expected: Value): Promise<void>;
}

/** Starts a subscriber, waits until it consumes, and stops it after the test. */
export async function running(
  startSubscriber: (options: SubscriberOptions) => Subscriber,
  bus: Bus,
  options: Pick<SubscriberOptions, "amqpUrl" | "handle"> & Partial<SubscriberOptions>,
): Promise<RunningSubscriber> {
  const losses: unknown[] = [];
  let fail: (why: unknown) => void = () => {};
  const mistake = new Promise<never>((_, reject) => {
    fail = reject;
  });
  mistake.catch(() => {}); // it may come when nobody waits
  const subscriber = startSubscriber({
    topology: bus.topology,
    name: subscriberName,
    retryDelay: 20,
    reconnectDelay: () => 10,
    ...options,
    onLost(why) {
      losses.push(why);
      if (isMistake(why)) fail(why);
    },
  });
  atTheEnd.push(subscriber.stop);
  const orMistake = <T>(awaited: PromiseLike<T>): Promise<T> => Promise.race([awaited, mistake]);
  await orMistake(soon(subscriber.consuming, () => neverConsumes(losses)));
  return {
    ...subscriber,
    losses,
    until: orMistake,
    reaches: (what, read, expected) => until(what, read, expected, losses),
  };
}

function neverConsumes(losses: readonly unknown[]): string {
  const last = losses.length === 0 ? "it has lost nothing" : `it last lost: ${losses.at(-1)}`;
  return `The subscriber does not begin to consume; ${last}.`;
}

export interface Line {
  /** For the subscriber's option of this name. */
  connectBroker(url: string): Promise<ChannelModel>;
  /** Resolves when the client has noticed. The broker may have got what was sent before, or not. */
  cut(): Promise<void>;
}

/** A way to the broker that the test can cut, as a pulled cable does. */
export async function cuttableLine(url: string): Promise<Line> {
  const proxy = await startProxy(url);
  proxies.push(proxy);
  const connections = new Set<ChannelModel>();
  return {
    async connectBroker() {
      const connection = await connect(proxy.url, { noDelay: true });
      connections.add(connection);
      connection.on("close", () => connections.delete(connection));
      return connection;
    },
    async cut() {
      const noticed = [...connections].map(
        (connection) => new Promise((resolve) => connection.once("close", resolve)),
      );
      proxy.cut();
      await Promise.all(noticed);
    },
  };
}
