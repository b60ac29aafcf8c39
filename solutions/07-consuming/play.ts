/** `npm run play 7`: a bad day for one subscriber. Watch how each event finds its end. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type ChannelModel, connect } from "amqplib";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { encodeEvent } from "../06-publishing/message.ts";
import { assertExchange, partitionOf, routingKey, topologyFor } from "../06-publishing/topology.ts";
import { closeQuietly } from "./confirmed.ts";
import { readParked, sendBackParked } from "./parked.ts";
import { startSubscriber } from "./subscriber.ts";
import { assertQueues, parkedQueue, queueNames } from "./topology.ts";

const rest = { schemaVersion: 1, data: {}, metadata: {}, recordedAt: "2030-05-01T12:00:00.000Z" };

/** The version that the view has of each stream. */
const versions = new Map<string, number>();
let databaseIsAway = 2;
let isDeployed = false;
let hasSkipped = false;
let cable: ChannelModel | undefined;
let start = 0;

async function view({ streamId, version, type }: EventEnvelope): Promise<string> {
  const seen = versions.get(streamId) ?? 0;
  hasSkipped ||= version <= seen;
  if (version <= seen) return "delivered again, skipped";
  if (version > seen + 1) throw new Error(`version ${seen + 1} is missing`);
  if (type === "RoomUpgraded" && !isDeployed) throw new UnknownEventType(type);
  if (type === "ReservationConfirmed" && databaseIsAway-- > 0) throw new Error("database away");
  versions.set(streamId, version);
  if (streamId !== "reservation-3" || cable === undefined) return "handled";
  await closeQuietly(cable);
  return "handled; now the line is cut";
}

async function handle(event: EventEnvelope): Promise<void> {
  const outcome = await view(event).catch((error: Error) => error);
  const ms = (performance.now() - start).toFixed(0).padStart(5);
  const told = `${event.streamId} v${event.version} ${event.type}`.padEnd(39);
  const isUnknown = outcome instanceof UnknownEventType;
  const shown = isUnknown ? "unknown type" : outcome instanceof Error ? outcome.message : outcome;
  console.log(`${ms}  ${partitionOf(event.streamId, 2)}          ${told}${shown}`);
  if (outcome instanceof Error) throw outcome;
}

await withInfrastructure(["rabbitmq"], async (infrastructure) => {
  const { amqpUrl, prefix, rabbitmq } = infrastructure;
  const topology = topologyFor(prefix, 2);
  const parked = parkedQueue(topology, "view");
  infrastructure.registerExchanges(topology.exchange);
  infrastructure.registerQueues(...queueNames(topology, "view"));
  console.log(`${rabbitmq.label} · 2 partitions · tried again after 200 ms · 3 attempts\n`);
  console.log("   ms  partition  event                                  outcome");

  const connection = await connect(amqpUrl);
  const channel = await connection.createConfirmChannel();
  await assertExchange(channel, topology);
  await assertQueues(channel, topology, "view", 200);
  const publish = (streamId: string, version: number, type: string): void => {
    const event = { ...rest, id: randomUUID(), streamId, version, type, position: BigInt(version) };
    channel.publish(topology.exchange, routingKey(event, 2), encodeEvent(event));
  };
  const notWritten = new AbortController();
  const subscriber = startSubscriber({
    ...{ amqpUrl, topology, name: "view", handle, retryDelay: 200, maxAttempts: 3 },
    connectBroker: async (url) => {
      cable = await connect(url, { noDelay: true });
      return cable;
    },
    onLost: (why) => why instanceof Error && why.name === "NotImplemented" && notWritten.abort(why),
  });
  const until = async (isSo: (inParked: number) => boolean): Promise<void> => {
    while (!isSo((await channel.checkQueue(parked)).messageCount)) {
      notWritten.signal.throwIfAborted();
      await delay(20);
    }
  };
  try {
    start = performance.now();
    publish("reservation-1", 1, "ReservationCreated");
    publish("reservation-2", 1, "ReservationCreated");
    publish("reservation-1", 2, "ReservationConfirmed");
    publish("reservation-2", 2, "RoomUpgraded");
    publish("reservation-1", 3, "ReservationCancelled");
    channel.publish(topology.exchange, "what.ever.0", Buffer.from("{ this is no event"));
    await until((inParked) => versions.get("reservation-1") === 3 && inParked === 2);

    console.log("\nParked:");
    for (const { error } of await readParked(channel, parked))
      console.log(`  ${error.slice(0, 76)}`);
    console.log("\nNew code is deployed, and all that is parked sent back:");
    isDeployed = true;
    await sendBackParked(channel, parked);
    await until((inParked) => versions.get("reservation-2") === 2 && inParked === 1);

    console.log("\nThe line is cut between an effect and its ack:");
    publish("reservation-3", 1, "ReservationCreated");
    await until(() => hasSkipped);
    await subscriber.stop();
    console.log("\nEach event had its effect once, in order. Still parked: the unreadable one.");
  } finally {
    await subscriber.stop();
    await connection.close();
  }
});
