import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { collect } from "../../shared/testing/collect.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { rejectionOf } from "../../shared/testing/refusal.ts";
import {
  cancelled,
  confirmed,
  created,
  reservationId,
  stateAfter,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import {
  eventNamed,
  type History,
  putRow,
  snapshotAt,
  storeOf,
  withoutTable,
} from "../../shared/testing/snapshots.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { type Folded, load } from "./load.ts";
import { stateSchema } from "./snapshot.ts";

const database = useDatabase(10);
const life = [created, confirmed, stayChanged, cancelled];

describe("a load with a snapshot", () => {
  costs("a guest has another reservation from eight in the morning on, when the cache is warm");

  it("gives the state and the version of a full replay, from a snapshot at any version", async () => {
    const { store, history } = await storeOf(life);
    for (const version of [1, 2, 3, 4]) {
      story({
        given: `v1 created, v2 confirmed, v3 stay changed, v4 cancelled; a snapshot at v${version}`,
        when: "loaded",
        wanted: `cancelled, at version 4, with the id of v4; snapshotVersion ${version}`,
      });
      await putRow(database.setUpPool, snapshotAt(history, version));
      const loaded = await answered(load(database.pool, store, reservationId));
      expect(told(loaded, history), `what is loaded, with a snapshot at v${version}`).toEqual({
        state: stateAfter(history),
        version: 4,
        event: "v4",
      });
      expect(loaded, "the stream, and the snapshot that the load began with").toMatchObject({
        streamId: reservationId,
        snapshotVersion: version,
      });
    }
  });

  it("reads no event before the snapshot's last one", async () => {
    story({
      given: "a stream of 42 events, a snapshot at v40",
      when: "loaded",
      wanted: "at most 3 events are read: v40, to see that it is there, v41, v42",
      costs: "100,000 events are read for each click, as if there were no snapshot",
    });
    const changes = Array.from({ length: 40 }, () => stayChanged);
    const { store, history } = await storeOf([created, confirmed, ...changes]);
    await putRow(database.setUpPool, snapshotAt(history, 40));
    const loaded = await answered(load(database.pool, store, reservationId));
    expect(loaded.version, "the version").toBe(42);
    expect(store.eventsRead(), "events read").toBeLessThanOrEqual(3);
  });

  it("says how long it took", async () => {
    story({
      given: "a stream of 4 events",
      when: "loaded",
      wanted: "milliseconds: a number above 0 and below what this test took",
      costs: "the policy never hears of slow loads",
    });
    const { store } = await storeOf(life);
    const started = performance.now();
    const { milliseconds } = await answered(load(database.pool, store, reservationId));
    expect(milliseconds, "milliseconds").toBeGreaterThan(0);
    expect(milliseconds, "milliseconds").toBeLessThanOrEqual(performance.now() - started);
  });
});

describe("a load without a snapshot", () => {
  costs("the cache is away for an hour, and so is the hotel");

  it("folds every event, or none where there is no stream", async () => {
    story({
      given: "v1 created, v2 confirmed, v3 stay changed, v4 cancelled; no reservation-2",
      when: "both are loaded",
      wanted: "cancelled, at version 4; no reservation, at version 0; snapshotVersion 0 in both",
    });
    const { store, history } = await storeOf(life);
    const loaded = await answered(load(database.pool, store, reservationId));
    expect(told(loaded, history), "reservation-1").toEqual({
      state: stateAfter(history),
      version: 4,
      event: "v4",
    });
    const none = await answered(load(database.pool, store, "reservation-2"));
    expect(told(none, history), "reservation-2").toEqual({
      state: { status: "none" },
      version: 0,
      event: "none",
    });
    expect([loaded.snapshotVersion, none.snapshotVersion], "snapshotVersion").toEqual([0, 0]);
  });

  it("gives the same when somebody has dropped the table, and says so", async () => {
    story({
      given: "v1 created, v2 confirmed; a snapshot at v1; then the table is dropped",
      when: "loaded, with and without the table",
      wanted: "the same state and version; without it, the problem is reported, not thrown",
    });
    const { store, history } = await storeOf([created, confirmed]);
    await putRow(database.setUpPool, snapshotAt(history, 1));
    const problems: unknown[] = [];
    const report = (problem: unknown): void => void problems.push(problem);
    const before = await answered(load(database.pool, store, reservationId, report));
    expect(problems, "problems with the table").toEqual([]);
    const after = await withoutTable(database.setUpPool, () =>
      answered(load(database.pool, store, reservationId, report)),
    );
    expect(told(after, history), "what is loaded without the table").toEqual(told(before, history));
    expect(problems, "problems without the table").toMatchObject([{ code: "42P01" }]);
  });
});

describe("a snapshot that is not of this history", () => {
  costs("the store was restored from a backup, the snapshots were not: 300 stays that never were");

  it.each([
    ["by other code", { state_schema: stateSchema - 1 }],
    ["with a wrong checksum", { checksum: "0000" }],
  ] as const)("is ignored: %s", async (what, otherwise) => {
    story({
      given: `v1 created, v2 confirmed; a snapshot at v2 ${what}, which says: cancelled`,
      when: "loaded",
      wanted: "confirmed, at version 2, from the events",
    });
    const { store, history } = await storeOf([created, confirmed]);
    const wrong = { ...snapshotAt(history, 2), state: stateAfter(life) };
    await putRow(database.setUpPool, wrong, otherwise);
    const loaded = await answered(load(database.pool, store, reservationId));
    expect(loaded, "what is loaded").toMatchObject({
      state: { status: "confirmed" },
      version: 2,
      snapshotVersion: 0,
    });
  });

  it("is ignored: beyond the end of the stream", async () => {
    story({
      given:
        "v1 created, v2 confirmed; a snapshot at v4: cancelled, of events that a restore has lost",
      when: "loaded",
      wanted: "confirmed, at version 2, from the events",
    });
    const lost = await storeOf(life);
    const { store } = await storeOf([created, confirmed]);
    await putRow(database.setUpPool, snapshotAt(lost.history, 4));
    const loaded = await answered(load(database.pool, store, reservationId));
    expect(loaded, "what is loaded").toMatchObject({
      state: { status: "confirmed" },
      version: 2,
      snapshotVersion: 0,
    });
  });

  it("is ignored: after an event that was never stored", async () => {
    story({
      given:
        "v1 created, v2 confirmed, v3 stay changed; a snapshot at v2 after another event: cancelled",
      when: "loaded",
      wanted: "confirmed, with the new stay, at version 3, from the events",
    });
    const { store, history } = await storeOf([created, confirmed, stayChanged]);
    const state = stateAfter([created, cancelled]);
    await putRow(database.setUpPool, { ...snapshotAt(history, 2), eventId: randomUUID(), state });
    const loaded = await answered(load(database.pool, store, reservationId));
    expect(told(loaded, history), "what is loaded").toEqual({
      state: stateAfter(history),
      version: 3,
      event: "v3",
    });
  });

  it("does not hide a broken history behind it", async () => {
    story({
      given: "a snapshot at v1; v2 is of a type that no code here knows",
      when: "loaded",
      wanted: "UnknownEventType: MinibarEmptied, as without the snapshot",
    });
    const store = inMemoryEventStore();
    const unknown = { type: "MinibarEmptied", data: {} };
    await store.append(reservationId, [newEvent(created), newEvent(unknown)], 0);
    const [first] = await collect(store.readStream(reservationId));
    const snapshot = { streamId: reservationId, version: 1, state: stateAfter([created]) };
    await putRow(database.setUpPool, { ...snapshot, eventId: first?.id ?? "" });
    const refusal = await rejectionOf(load(database.pool, store, reservationId));
    const wanted = { name: "UnknownEventType", type: "MinibarEmptied" };
    expect(refusal, "what comes of the load").toMatchObject(wanted);
  });
});

/** What was loaded, with the event that its id stands for. */
function told({ state, version, eventId }: Folded, history: History): object {
  return { state, version, event: eventNamed(history, eventId) };
}

/** What a load answers. To refuse a history that is one is a wrong answer, not an accident. */
async function answered<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "InvalidHistory") throw error;
    return expect.fail(`it was refused, with InvalidHistory: ${error.message}`);
  }
}
