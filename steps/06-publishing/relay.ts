/**
 * The relay: carries the events of the store to the broker, for as long as the process lives.
 *
 * Given, and made of the parts that you write: it reads in commit order, relays batch by batch,
 * waits for work. It outlives both servers: whatever breaks, it starts anew from the checkpoint.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import type { Pool, PoolClient } from "pg";
import { loadCheckpoint } from "./checkpoint.ts";
import { type CommittedEvent, readAllCommitted } from "./commit-order.ts";
import { isHeldBack } from "./horizon.ts";
import { withLeadership } from "./leadership.ts";
import { eventsChannel } from "./notifying.ts";
import { relayBatch } from "./relay-batch.ts";
import { unlessSilent } from "./silence.ts";
import { assertExchange, type Topology } from "./topology.ts";
import { createWakeUp, type WakeUp } from "./wake-up.ts";
import { windowed } from "./window.ts";

export interface RelayOptions {
  /** Two of its connections are held (lock, LISTEN), a third is used now and then. */
  readonly pool: Pool;
  readonly connectBroker: () => Promise<ChannelModel>;
  readonly topology: Topology;
  /** Relays of one name share a checkpoint; one of them is active, the others stand by. */
  readonly name: string;
  /** How many events may be unconfirmed at once; 500 when left out. */
  readonly window?: number;
  /** How many events are read at once, and may be published again after a crash; 1,000 when left out. */
  readonly batchSize?: number;
  /** Milliseconds that a lost notification costs at the most; 1,000 when left out. */
  readonly pollEvery?: number;
  /** Milliseconds without any confirm after which the connection counts as dead; 10,000 when left out. */
  readonly confirmTimeout?: number;
  /** Told what the broker has confirmed and the checkpoint is past. */
  readonly onPublished?: (events: readonly CommittedEvent[]) => void;
  /** Told each failure; the relay goes on by itself. */
  readonly onError?: (error: unknown) => void;
}

export interface Relay {
  /** Whether this relay holds the lock and is connected to the broker. */
  isActive(): boolean;
  /** Makes it look for events now. */
  wake(): void;
  /** Finishes the batch that is in flight, and closes all that the relay has opened. */
  stop(): Promise<void>;
}

type Running = Required<RelayOptions> & {
  readonly wakeUp: WakeUp;
  readonly stopping: AbortSignal;
  readonly setActive: (active: boolean) => void;
};

export function startRelay(options: RelayOptions): Relay {
  const stopping = new AbortController();
  const pollEvery = options.pollEvery ?? 1_000;
  const wakeUp = createWakeUp(options.pool, eventsChannel, pollEvery);
  let active = false;
  const running = keepRelaying({
    window: 500,
    batchSize: 1_000,
    confirmTimeout: 10_000,
    onPublished: () => undefined,
    onError: () => undefined,
    ...options,
    pollEvery,
    wakeUp,
    stopping: stopping.signal,
    setActive: (now) => {
      active = now;
    },
  });
  return {
    isActive: () => active,
    wake: () => wakeUp.wake(),
    async stop() {
      stopping.abort();
      wakeUp.wake();
      await running;
      await wakeUp.stop();
    },
  };
}

/** Leads, connects, relays; and all of it again, a little later, when something broke. */
async function keepRelaying(relay: Running): Promise<void> {
  let failures = 0;
  while (!relay.stopping.aborted) {
    try {
      await withLeadership(relay.pool, relay.name, relay.stopping, (client, lost) =>
        withChannel(relay, lost, async (channel, broken) => {
          failures = 0;
          await relayAll(relay, client, channel, broken);
        }),
      );
    } catch (error) {
      relay.onError(error);
      failures += 1;
      await pause(relay, failures);
    }
  }
}

/** Calls `use` with a confirm channel of its own connection, and with what says that it is lost. */
async function withChannel(
  relay: Running,
  lost: AbortSignal,
  use: (channel: ConfirmChannel, broken: AbortSignal) => Promise<void>,
): Promise<void> {
  const broker = await relay.connectBroker();
  const closed = new AbortController();
  const abort = (error?: Error): void =>
    closed.abort(error ?? new Error("The channel was closed."));
  broker.on("error", abort).on("close", abort);
  try {
    const channel = await broker.createConfirmChannel();
    channel.on("error", abort).on("close", () => abort());
    const broken = AbortSignal.any([lost, closed.signal]);
    broken.addEventListener("abort", () => relay.wakeUp.wake(), { once: true });
    await assertExchange(channel, relay.topology);
    await use(channel, broken);
  } finally {
    relay.setActive(false);
    // A broker that does not answer must not keep us: its side of the connection ends by itself.
    await Promise.race([
      broker.close().catch(() => undefined),
      delay(1_000, undefined, { ref: false }),
    ]);
  }
}

/** After so many failures in a row on one connection it is given up, and with it the lead. */
const failuresBeforeAnew = 5;

/** Batch after batch, until stopped or broken. While one batch is confirmed the next is read. */
async function relayAll(
  relay: Running,
  client: PoolClient,
  channel: ConfirmChannel,
  broken: AbortSignal,
): Promise<void> {
  const { pool, topology, name, window, batchSize, confirmTimeout } = relay;
  const publishing = windowed(channel, window);
  let from = await loadCheckpoint(client, name);
  let limit = batchSize;
  let failures = 0;
  let looks = 0;
  let ahead: readonly CommittedEvent[] = [];
  relay.setActive(true);
  while (!relay.stopping.aborted) {
    broken.throwIfAborted();
    const events =
      ahead.length > 0 ? ahead : await readAllCommitted(client, { after: from, limit });
    ahead = [];
    const last = events.at(-1);
    if (!last) {
      // Nobody notifies when the transaction that holds events back ends: look again soon. And when it
      // has ended since we looked, what it held is there already.
      looks = (await isHeldBack(client)) ? looks + 1 : 0;
      if (looks === 0) ahead = await readAllCommitted(client, { after: from, limit });
      if (ahead.length > 0) continue;
      await relay.wakeUp.wait(looks > 0 ? Math.min(2 ** looks, 100) : undefined);
      continue;
    }
    looks = 0;
    const relaying = relayBatch(client, publishing, topology, { relay: name, from, events });
    const [relayed, next] = await Promise.all([
      unlessSilent(channel, confirmTimeout, relaying),
      events.length === limit ? readAllCommitted(pool, { after: last.checkpoint, limit }) : [],
    ]);
    from = relayed.checkpoint;
    relay.onPublished(events.slice(0, relayed.confirmed));
    if (relayed.confirmed === events.length) {
      failures = 0;
      limit = Math.min(limit * 2, batchSize);
      ahead = next;
    } else {
      relay.onError(relayed.failure);
      broken.throwIfAborted();
      // One event at a time until it goes again: each try publishes no more than one anew.
      failures = relayed.confirmed > 0 ? 1 : failures + 1;
      limit = 1;
      // RabbitMQ 3.10: where a channel's first message to a queue met a dead leader, it is refused for ever.
      if (failures >= failuresBeforeAnew) throw relayed.failure;
      await pause(relay, failures);
    }
  }
}

/** 100 ms after the first failure, then twice as long each time up to 2 s; stop() ends it. */
async function pause({ stopping }: Running, failures: number): Promise<void> {
  const longest = Math.min(100 * 2 ** (failures - 1), 2_000);
  const milliseconds = longest * (0.5 + Math.random() / 2);
  await delay(milliseconds, undefined, { signal: stopping }).catch(() => undefined);
}
