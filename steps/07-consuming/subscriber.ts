/**
 * A subscriber: connects, declares its queues, consumes all partitions side by side, and does so anew
 * when anything is lost on the way. Given: read `session` from top to bottom.
 */

import { setTimeout as delay } from "node:timers/promises";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { assertExchange, type Topology } from "../06-publishing/topology.ts";
import { closeQuietly } from "./confirmed.ts";
import { consumePartition, type PartitionConsumer } from "./partition.ts";
import { assertQueues, type PartitionQueues, partitionQueues } from "./topology.ts";

/** Milliseconds that those have who come first for a partition: long enough to start, or to connect anew. */
const standbyAfter = 3_000;

export interface SubscriberOptions {
  readonly amqpUrl: string;
  readonly topology: Topology;
  /** Subscribers of one name share their queues, and so the work; another name gets every event too. */
  readonly name: string;
  /** Handles one event; when it resolves, its effect is safe. Must know duplicates, and must end by itself. */
  readonly handle: (event: EventEnvelope) => Promise<void>;
  /**
   * Awaited before consuming starts, also each time after a loss: the queues are bound by then, so what is read
   * from the event store here and what arrives later leave no hole. It mends what a deleted queue has lost.
   */
  readonly beforeConsuming?: () => Promise<void>;
  /**
   * The partitions that this process consumes first, of several that share the work; all when left out. For the
   * others it stands by, a moment later: the broker gives a queue to the first who asks, and one process
   * would have them all.
   */
  readonly first?: readonly number[];
  readonly prefetch?: number;
  readonly maxAttempts?: number;
  readonly maxDeliveries?: number;
  /** Milliseconds between two attempts. Part of the queues: to change it, delete them first. */
  readonly retryDelay?: number;
  /** Milliseconds before connecting anew, after so many failures in a row. */
  readonly reconnectDelay?: (failures: number) => number;
  /** Told what was lost, for the log. The subscriber goes on by itself. */
  readonly onLost?: (why: unknown) => void;
  /** How to connect; tests put their own here. */
  readonly connectBroker?: (amqpUrl: string) => Promise<ChannelModel>;
}

export interface Subscriber {
  /** Resolves when it consumes for the first time (or is stopped before). */
  readonly consuming: Promise<void>;
  /** Ends after the messages in hand; what was only fetched goes back to the queue. Never rejects. */
  stop(): Promise<void>;
}

export function startSubscriber(options: SubscriberOptions): Subscriber {
  const stopping = new AbortController();
  let begun: () => void = () => undefined;
  const consuming = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      let consumingSince = Number.POSITIVE_INFINITY;
      const onConsuming = (): void => {
        consumingSince = performance.now();
        begun();
      };
      await session(options, stopping.signal, onConsuming).catch((why) => options.onLost?.(why));
      // Having come back is no success yet: what is lost again at once is waited for longer.
      failures = performance.now() - consumingSince > 10_000 ? 1 : failures + 1;
      const pause = (options.reconnectDelay ?? reconnectDelay)(failures);
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    begun();
  };
  const ended = run();
  return {
    consuming,
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

/** Consumes until `stopping` is aborted; rejects when the connection, a channel or a queue is lost. */
async function session(
  options: SubscriberOptions,
  stopping: AbortSignal,
  onConsuming: () => void,
): Promise<void> {
  const { topology, name, handle, retryDelay = 1000 } = options;
  const { prefetch = 20, maxAttempts = 5, maxDeliveries = 10 } = options;
  const lost = new AbortController();
  const lose = (why: unknown): void => lost.abort(why);
  const signal = AbortSignal.any([stopping, lost.signal]);
  const connection = await (options.connectBroker ?? connectBroker)(options.amqpUrl);
  const consumers: PartitionConsumer[] = [];
  try {
    connection.on("error", lose);
    connection.on("close", () => lose(new Error("The connection to the broker was closed.")));
    const channel = await openChannel(connection, lose);
    await assertExchange(channel, topology);
    await assertQueues(channel, topology, name, retryDelay);
    await options.beforeConsuming?.();
    const all = partitionQueues(topology, name);
    const consume = async (partitions: readonly PartitionQueues[]): Promise<void> => {
      for (const queues of partitions) {
        const own = await openChannel(connection, lose);
        const settings = { queues, handle, prefetch, maxAttempts, maxDeliveries, signal, lose };
        consumers.push(await consumePartition(own, settings));
      }
    };
    const isFirst = ({ partition }: PartitionQueues): boolean =>
      options.first?.includes(partition) ?? true;
    await consume(all.filter(isFirst));
    onConsuming();
    const others = all.filter((queues) => !isFirst(queues));
    if (others.length > 0) await delay(standbyAfter, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await consume(others);
    await aborted(signal);
  } finally {
    // No cancel first: with a single active consumer that would start the next one at once, while a message
    // is still in hand here. Closing the channel after the last ack hands over in order.
    lose(new Error("The session is over."));
    await Promise.all(consumers.map((consumer) => consumer.drain()));
    await closeQuietly(connection);
  }
  if (!stopping.aborted) throw lost.signal.reason;
}

async function openChannel(
  connection: ChannelModel,
  lose: (why: unknown) => void,
): Promise<ConfirmChannel> {
  const channel = await connection.createConfirmChannel();
  channel.on("error", lose);
  channel.on("close", () => lose(new Error("A channel was closed.")));
  return channel;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** A dead peer is noticed by its missing heartbeats; without a time limit a connect could hang for ever. */
function connectBroker(amqpUrl: string): Promise<ChannelModel> {
  const url = new URL(amqpUrl);
  if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", "10");
  return connect(url.href, { timeout: 10_000, noDelay: true });
}

/** Doubles up to 5 s, and a part of it is chance: not all subscribers come back in the same moment. */
function reconnectDelay(failures: number): number {
  return Math.random() * Math.min(5000, 50 * 2 ** failures);
}
