import { beforeEach, describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { confirmingChannel, ScriptedChannel } from "../../shared/testing/scripted-channel.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { CheckpointMoved, loadCheckpoint, moveCheckpoint } from "./checkpoint.ts";
import { type Checkpoint, type CommittedEvent, startOfStore } from "./commit-order.ts";
import { PublishFailed } from "./publisher.ts";
import { type BatchRelayed, relayBatch } from "./relay-batch.ts";
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

const unsettled = "relayBatch neither resolves nor rejects, though the broker has answered";

/** What relayBatch answers, with `event 3 refused` for a failure. */
async function answerOf(relaying: Promise<BatchRelayed>): Promise<unknown> {
  const thrown = (error: unknown): never => {
    if (!(error instanceof PublishFailed)) throw error;
    return expect.fail(`relayBatch has thrown "${told(error)}"; it is to answer with the failure`);
  };
  const answer = await soon(relaying.catch(thrown), unsettled);
  return { ...answer, failure: told(answer.failure) };
}

function told(failure: unknown): unknown {
  if (!(failure instanceof PublishFailed)) return failure;
  return `event ${events.findIndex(({ event }) => event.id === failure.eventId) + 1} ${failure.fault}`;
}

async function expectCheckpoint(why: string, place: Checkpoint | undefined): Promise<void> {
  expect(await loadCheckpoint(database.pool, relay), `the checkpoint, ${why}`).toEqual(place);
}

beforeEach(async () => {
  await loadCheckpoint(database.pool, relay);
});

describe("relaying a batch", () => {
  costs("the relay starts anew behind an event that the broker never got: nobody publishes it");

  /** Of four events in a batch: what the broker does, and what relayBatch answers then. */
  function tell(broker: string, checkpoint: string, confirmed: number, failure: string): void {
    story({
      given: [
        "the stored checkpoint is at (0, 0), the store's start; a batch of",
        "four events has the checkpoints (700, 1) (700, 2) (701, 3) (701, 4)",
      ],
      when: broker,
      wanted: [
        `{ checkpoint: ${checkpoint}, confirmed: ${confirmed}, failure: ${failure} },`,
        `and the stored checkpoint is at ${checkpoint}`,
      ],
    });
  }

  it("moves the checkpoint behind it when the broker has confirmed all of it", async () => {
    tell("the broker confirms all four", "(701, 4)", 4, "undefined");
    const relaying = relayBatch(database.pool, confirmingChannel(), topology, batch);

    expect(await answerOf(relaying), "with 4 of 4 confirmed relayBatch answers").toEqual({
      checkpoint: places[3],
      confirmed: 4,
      failure: undefined,
    });
    await expectCheckpoint("with 4 of 4 confirmed", places[3]);
  });

  it("leaves the checkpoint where it is until the broker has confirmed", async () => {
    story({
      given: "the stored checkpoint is at (0, 0), and all four events of the batch are sent",
      when: "the broker has confirmed none of them yet; then it confirms all",
      wanted: "the stored checkpoint stays there until then, and moves to (701, 4)",
    });
    let allPublished = (): void => {};
    const publishing = new Promise<void>((resolve) => {
      allPublished = resolve;
    });
    const channel = new ScriptedChannel(() => {
      if (channel.published.length === 4) allPublished();
    });

    const relaying = relayBatch(database.pool, channel, topology, batch);
    await soon(Promise.race([publishing, relaying]), "relayBatch has not sent the four events");

    await expectCheckpoint("with 4 events sent and none confirmed", startOfStore);
    for (const message of channel.published) message.confirm();

    const answer = await answerOf(relaying);
    expect(answer, "with 4 of 4 confirmed relayBatch answers").toMatchObject({ confirmed: 4 });
    await expectCheckpoint("with 4 of 4 confirmed", places[3]);
  });

  it("moves the checkpoint to before the first event that the broker refused", async () => {
    tell("the broker refuses the third, and confirms the others", "(700, 2)", 2, "that of event 3");
    const relaying = relayBatch(database.pool, brokerThatRefuses(3), topology, batch);

    expect(await answerOf(relaying), "with event 3 of 4 refused relayBatch answers").toEqual({
      checkpoint: places[1],
      confirmed: 2,
      failure: "event 3 refused",
    });
    await expectCheckpoint("with event 3 of 4 refused", places[1]);
  });

  it("leaves the checkpoint when it is the first event that the broker refused", async () => {
    tell("the broker refuses the first, and confirms the others", "(0, 0)", 0, "that of event 1");
    const relaying = relayBatch(database.pool, brokerThatRefuses(1), topology, batch);

    expect(await answerOf(relaying), "with event 1 of 4 refused relayBatch answers").toEqual({
      checkpoint: startOfStore,
      confirmed: 0,
      failure: "event 1 refused",
    });
    await expectCheckpoint("with event 1 of 4 refused", startOfStore);
  });

  it("leaves the checkpoint when no queue wanted the events", async () => {
    tell("no queue wants them: the broker sends all back", "(0, 0)", 0, "that of event 1");
    const nobody = new ScriptedChannel((message) => setImmediate(message.giveBack));

    const relaying = relayBatch(database.pool, nobody, topology, batch);

    expect(await answerOf(relaying), "with all four returned relayBatch answers").toEqual({
      checkpoint: startOfStore,
      confirmed: 0,
      failure: "event 1 returned",
    });
    await expectCheckpoint("with all four returned", startOfStore);
  });

  it("does not move a checkpoint that another relay of its name has moved", async () => {
    story({
      given: "the batch was read behind (0, 0); another relay moved the checkpoint to (701, 4)",
      when: "the broker confirms the batch, which ends with the checkpoint (700, 2)",
      wanted: "CheckpointMoved is thrown, and the checkpoint stays at (701, 4)",
      costs: "two relays move the checkpoint by turns, and publish the same night over and over",
    });
    const further = places[3] ?? startOfStore;
    await moveCheckpoint(database.pool, relay, startOfStore, further);

    const relaying = relayBatch(database.pool, confirmingChannel(), topology, {
      ...batch,
      events: events.slice(0, 2),
    });

    const thrown = (error: unknown): string => {
      if (error instanceof CheckpointMoved) return `CheckpointMoved of ${error.relay}`;
      throw error;
    };
    const outcome = await soon(
      relaying.then(() => "nothing", thrown),
      unsettled,
    );
    expect(outcome, "what relayBatch throws").toBe("CheckpointMoved of relay-1");
    await expectCheckpoint("moved by another relay", further);
  });
});
