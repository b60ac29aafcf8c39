import { beforeEach, describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { confirmingChannel, ScriptedChannel } from "../../shared/testing/scripted-channel.ts";
import { loadCheckpoint, moveCheckpoint } from "./checkpoint.ts";
import { type CommittedEvent, startOfStore } from "./commit-order.ts";
import { relayBatch } from "./relay-batch.ts";
import { topologyFor } from "./topology.ts";

const database = useDatabase(6);
const relay = "relay-1";
const topology = topologyFor("workshop");

/** Four events of four streams, written by two transactions. */
const events: readonly CommittedEvent[] = [1, 2, 3, 4].flatMap((number) =>
  recorded(`reservation-${number}`, [created]).map((event) => {
    const position = BigInt(number);
    const transactionId = number < 3 ? 700n : 701n;
    return { event: { ...event, position }, checkpoint: { transactionId, position } };
  }),
);
const places = events.map(({ checkpoint }) => checkpoint);
const batch = { relay, from: startOfStore, events };

/** Confirms all but the event of this number. */
function brokerThatRefuses(number: number): ScriptedChannel {
  return new ScriptedChannel((message) =>
    setImmediate(
      message.messageId === events[number - 1]?.event.id ? message.refuse : message.confirm,
    ),
  );
}

beforeEach(async () => {
  await loadCheckpoint(database.pool, relay);
});

describe("relaying a batch", () => {
  it("moves the checkpoint behind it when the broker has confirmed all of it", async () => {
    const relayed = await relayBatch(database.pool, confirmingChannel(), topology, batch);

    expect(relayed).toEqual({ checkpoint: places[3], confirmed: 4, failure: undefined });
    expect(await loadCheckpoint(database.pool, relay)).toEqual(places[3]);
  });

  it("leaves the checkpoint where it is until the broker has confirmed", async () => {
    let allPublished = (): void => {};
    const publishing = new Promise<void>((resolve) => {
      allPublished = resolve;
    });
    const channel = new ScriptedChannel(() => {
      if (channel.published.length === 4) allPublished();
    });

    const relaying = relayBatch(database.pool, channel, topology, batch);
    await Promise.race([publishing, relaying]);

    expect(await loadCheckpoint(database.pool, relay)).toEqual(startOfStore);
    for (const message of channel.published) message.confirm();

    expect(await relaying).toMatchObject({ confirmed: 4 });
    expect(await loadCheckpoint(database.pool, relay)).toEqual(places[3]);
  });

  it("moves the checkpoint to before the first event that the broker refused", async () => {
    const relayed = await relayBatch(database.pool, brokerThatRefuses(3), topology, batch);

    expect(relayed).toMatchObject({
      checkpoint: places[1],
      confirmed: 2,
      failure: { name: "PublishFailed", eventId: events[2]?.event.id },
    });
    expect(await loadCheckpoint(database.pool, relay)).toEqual(places[1]);
  });

  it("leaves the checkpoint when it is the first event that the broker refused", async () => {
    const relayed = await relayBatch(database.pool, brokerThatRefuses(1), topology, batch);

    expect(relayed).toMatchObject({ checkpoint: startOfStore, confirmed: 0 });
    expect(await loadCheckpoint(database.pool, relay)).toEqual(startOfStore);
  });

  it("leaves the checkpoint when no queue wanted the events", async () => {
    const nobody = new ScriptedChannel((message) => setImmediate(message.giveBack));

    const relayed = await relayBatch(database.pool, nobody, topology, batch);

    expect(relayed).toMatchObject({ confirmed: 0, failure: { fault: "returned" } });
    expect(await loadCheckpoint(database.pool, relay)).toEqual(startOfStore);
  });

  it("does not move a checkpoint that another relay of its name has moved", async () => {
    const further = places[3] ?? startOfStore;
    await moveCheckpoint(database.pool, relay, startOfStore, further);

    const relaying = relayBatch(database.pool, confirmingChannel(), topology, {
      ...batch,
      events: events.slice(0, 2),
    });

    await expect(relaying).rejects.toMatchObject({ name: "CheckpointMoved", relay });
    expect(await loadCheckpoint(database.pool, relay)).toEqual(further);
  });
});
