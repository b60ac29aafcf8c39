/** The lab's own line to the broker, beside the system's: to look into queues, and to send by hand. Given. */

import { setTimeout as delay } from "node:timers/promises";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { encodeEvent } from "../06-publishing/message.ts";
import { routingKey, type Topology } from "../06-publishing/topology.ts";
import { closeQuietly } from "../07-consuming/confirmed.ts";
import { type ParkedMessage, readParked, sendBackParked } from "../07-consuming/parked.ts";
import { parkedQueue, partitionQueues } from "../07-consuming/topology.ts";
import { readModelSubscriber } from "./parts.ts";

/** Messages in the queues of the read model's subscriber; what is fetched already counts as gone. */
export interface QueueDepths {
  readonly ready: number;
  readonly retrying: number;
  readonly parked: number;
}

export interface LabBroker {
  depths(): Promise<QueueDepths>;
  /** Puts the event on the bus, as the relay does. */
  publish(event: EventEnvelope): Promise<void>;
  parked(): Promise<readonly ParkedMessage[]>;
  sendBack(): Promise<number>;
  close(): Promise<void>;
}

export function openLabBroker(amqpUrl: string, topology: Topology): LabBroker {
  const queues = partitionQueues(topology, readModelSubscriber);
  const parked = parkedQueue(topology, readModelSubscriber);
  let connection: Promise<ChannelModel> | undefined;

  const connected = (): Promise<ChannelModel> => {
    connection ??= open(amqpUrl, () => {
      connection = undefined;
    });
    return connection;
  };
  /** A channel for one use: what goes wrong closes it, and concerns nobody else. */
  const withChannel = async <T>(use: (channel: ConfirmChannel) => Promise<T>): Promise<T> => {
    const channel = await (await connected()).createConfirmChannel();
    channel.on("error", () => undefined); // the failed request says so, too
    try {
      return await use(channel);
    } finally {
      await closeQuietly(channel);
    }
  };

  return {
    depths: () =>
      withChannel(async (channel) => {
        const count = async (queue: string): Promise<number> =>
          (await channel.checkQueue(queue)).messageCount;
        let ready = 0;
        let retrying = 0;
        for (const { queue, retry } of queues) {
          ready += await count(queue);
          retrying += await count(retry);
        }
        return { ready, retrying, parked: await count(parked) };
      }),
    publish: (event) =>
      withChannel(async (channel) => {
        const key = routingKey(event, topology.partitions);
        const { id: messageId, type } = event;
        const more = { persistent: true, contentType: "application/json", messageId, type };
        channel.publish(topology.exchange, key, encodeEvent(event), more);
        await channel.waitForConfirms();
      }),
    parked: () => withChannel((channel) => readParked(channel, parked)),
    sendBack: () => withChannel((channel) => sendBackParked(channel, parked)),
    async close() {
      const open = await connection?.catch(() => undefined);
      // A broker that does not answer must not keep us.
      if (open) await Promise.race([closeQuietly(open), delay(1_000, undefined, { ref: false })]);
    },
  };
}

async function open(amqpUrl: string, onLost: () => void): Promise<ChannelModel> {
  try {
    const connection = await connect(amqpUrl, { timeout: 5_000, noDelay: true });
    connection.on("error", onLost).on("close", onLost);
    return connection;
  } catch (error) {
    onLost();
    throw error;
  }
}
