/** `npm run play 7`: a bad day for one subscriber. Watch how each event finds its end. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type ChannelModel, connect } from "amqplib";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { encodeEvent } from "../06-publishing/message.ts";
import { partitionOf, routingKey, topologyFor } from "../06-publishing/topology.ts";
import { closeQuietly } from "./confirmed.ts";
import { readParked, sendBackParked } from "./parked.ts";
import { startSubscriber } from "./subscriber.ts";
import { parkedQueue, queueNames } from "./topology.ts";

await withInfrastructure(["rabbitmq"], async (infrastructure) => {
  const { amqpUrl, prefix, rabbitmq } = infrastructure;
  const topology = topologyFor(prefix, 2);
  const parked = parkedQueue(topology, "view");
  infrastructure.registerExchanges(topology.exchange);
  infrastructure.registerQueues(...queueNames(topology, "view"));
  console.log(`${rabbitmq.label} · 2 partitions · tried again after 200 ms · 3 attempts\n`);
  console.log("   ms  partition  event                                  outcome");

  const start = performance.now();
  const versions = new Map<string, number>();
  let databaseIsAway = 2;
  let deployed = false;
  let skipped = false;
  let cable: ChannelModel | undefined;

  const outcomeOf = async ({ streamId, version, type }: EventEnvelope): Promise<string> => {
    const seen = versions.get(streamId) ?? 0;
    if (version <= seen) {
      skipped = true;
      return "delivered again, skipped";
    }
    if (version > seen + 1) throw new Error(`version ${seen + 1} is missing`);
    if (type === "RoomUpgraded" && !deployed) throw new UnknownEventType(type);
    if (type === "ReservationConfirmed" && databaseIsAway-- > 0) throw new Error("database away");
    versions.set(streamId, version);
    if (streamId !== "reservation-3" || cable === undefined) return "handled";
    await closeQuietly(cable);
    return "handled; now the line is cut";
  };
  const handle = async (event: EventEnvelope): Promise<void> => {
    const told = `${event.streamId} v${event.version} ${event.type}`.padEnd(39);
    const tell = (outcome: string): void => {
      const ms = (performance.now() - start).toFixed(0).padStart(5);
      console.log(`${ms}  ${partitionOf(event.streamId, 2)}          ${told}${outcome}`);
    };
    await outcomeOf(event).then(tell, (error: Error) => {
      tell(error instanceof UnknownEventType ? "unknown type" : error.message);
      throw error;
    });
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
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isSo())) {
      notWritten.signal.throwIfAborted();
      await delay(20);
    }
  };
  const connection = await connect(amqpUrl);
  try {
    let consuming = false;
    subscriber.consuming.then(() => {
      consuming = true;
    });
    await until(() => consuming);
    const channel = await connection.createConfirmChannel();
    const publish = (event: EventEnvelope): boolean =>
      channel.publish(topology.exchange, routingKey(event, 2), encodeEvent(event));
    const events = history();
    events.slice(0, -1).forEach(publish);
    channel.publish(topology.exchange, "what.ever.0", Buffer.from("{ this is no event"));
    const count = async (): Promise<number> => (await channel.checkQueue(parked)).messageCount;
    await until(async () => versions.get("reservation-1") === 3 && (await count()) === 2);

    console.log("\nParked:");
    for (const { error } of await readParked(channel, parked))
      console.log(`  ${error.slice(0, 76)}`);
    console.log("\nNew code is deployed, and all that is parked sent back:");
    deployed = true;
    await sendBackParked(channel, parked);
    await until(async () => versions.get("reservation-2") === 2 && (await count()) === 1);

    console.log("\nThe line is cut between an effect and its ack:");
    events.slice(-1).forEach(publish);
    await until(() => skipped);
    await subscriber.stop();
    console.log("\nEach event had its effect once, in order. Still parked: the unreadable one.");
  } finally {
    await subscriber.stop();
    await connection.close();
  }
});

/** The last of them is for the end of the play. */
function history(): readonly EventEnvelope[] {
  const happened = [
    ["reservation-1", 1, "ReservationCreated"],
    ["reservation-2", 1, "ReservationCreated"],
    ["reservation-1", 2, "ReservationConfirmed"],
    ["reservation-2", 2, "RoomUpgraded"],
    ["reservation-1", 3, "ReservationCancelled"],
    ["reservation-3", 1, "ReservationCreated"],
  ] as const;
  const rest = { schemaVersion: 1, data: {}, metadata: {}, recordedAt: "2030-05-01T12:00:00.000Z" };
  return happened.map(([streamId, version, type], index) => {
    return { ...rest, id: randomUUID(), streamId, version, type, position: BigInt(index + 1) };
  });
}
