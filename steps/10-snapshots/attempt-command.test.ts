import { describe, expect, it } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { collect } from "../../shared/testing/collect.ts";
import {
  cancelReservation,
  changeTheStay,
  confirmReservation,
  createReservation,
} from "../../shared/testing/command-handling.ts";
import { intercept, textOf } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
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
  keptIn,
  putRow,
  rowsIn,
  snapshotAt,
  storeOf,
  whileNobodyWrites,
  withoutTable,
} from "../../shared/testing/snapshots.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { attemptCommand } from "./attempt-command.ts";
import { createSnapshots, type Snapshots } from "./taking.ts";

const database = useDatabase(10);
const always = { everyEvents: 1, slowerThan: 1_000_000 };
const never = { everyEvents: 1_000_000, slowerThan: 1_000_000 };

describe("a snapshot that is offered", () => {
  costs("the desk waits for a cache to be written, at each click");

  it("is saved beside, when it is due", async () => {
    story({
      given: "v1 created, v2 confirmed, loaded; policies: after each event, and almost never",
      when: "what was loaded is offered, and the saving has settled",
      wanted: "reservation-1 at version 2 in the table; by the other policy nothing",
    });
    const { store } = await storeOf([created, confirmed]);
    await offered(createSnapshots(database.pool, store, never), reservationId);
    expect(await keptIn(database.setUpPool), "the table, by the other policy").toEqual([]);
    await offered(createSnapshots(database.pool, store, always), reservationId);
    expect(await keptIn(database.setUpPool), "the table").toEqual(["reservation-1 at version 2"]);
  });

  it("is none where there is no stream, or nothing new after the last one", async () => {
    story({
      given: "v1 created, with a snapshot at v1; no reservation-2",
      when: "both are loaded and offered",
      wanted: "nothing is sent to the table",
    });
    const { store, history } = await storeOf([created]);
    await putRow(database.setUpPool, snapshotAt(history, 1));
    const writes: unknown[] = [];
    const db = intercept(database.pool, (query, pass) => {
      if (!/^\s*select/i.test(textOf(query))) writes.push(textOf(query));
      return pass();
    });
    const snapshots = createSnapshots(db, store, always);
    await offered(snapshots, reservationId);
    await offered(snapshots, "reservation-2");
    expect(writes, "statements that write").toEqual([]);
  });

  it("is dropped while another one is being saved; the next is taken again", async () => {
    story({
      given: "the streams reservation-1 and reservation-2; the table takes no writes for a while",
      when: "both are offered; then writes go on; then reservation-2 is offered once more",
      wanted: "first reservation-1 only; then both",
      costs: "a slow disk, 200 snapshots on their way, and no connection left for an append",
    });
    const { store } = await storeOf([created]);
    const other = { ...created, data: { ...created.data, reservationId: "reservation-2" } };
    await store.append("reservation-2", [newEvent(other)], 0);
    const snapshots = createSnapshots(database.pool, store, always);
    const [one, two] = [await snapshots.load(reservationId), await snapshots.load("reservation-2")];
    await whileNobodyWrites(database.setUpPool, async () => {
      snapshots.offer(one);
      snapshots.offer(two);
    });
    await settled(snapshots);
    expect(await keptIn(database.setUpPool), "the table").toEqual(["reservation-1 at version 1"]);
    snapshots.offer(two);
    await settled(snapshots);
    expect(await keptIn(database.setUpPool), "the table, in the end").toEqual([
      "reservation-1 at version 1",
      "reservation-2 at version 1",
    ]);
  });

  it("that cannot be saved is reported, and thrown at nobody", async () => {
    story({
      given: "v1 created, loaded; then the table is dropped",
      when: "what was loaded is offered",
      wanted: "offer returns, the problem is reported; with the table back the next offer is saved",
      costs: "the cache is full, and the process ends with an unhandled rejection",
    });
    const { store } = await storeOf([created]);
    const problems: unknown[] = [];
    const snapshots = createSnapshots(
      database.pool,
      store,
      always,
      (problem) => void problems.push(problem),
    );
    const loaded = await snapshots.load(reservationId);
    await withoutTable(database.setUpPool, async () => {
      snapshots.offer(loaded);
      await settled(snapshots);
    });
    expect(problems, "what is reported").toMatchObject([{ code: "42P01" }]);
    snapshots.offer(loaded);
    await settled(snapshots);
    expect(await keptIn(database.setUpPool), "the table").toEqual(["reservation-1 at version 1"]);
  });
});

describe("a command with snapshots", () => {
  costs("who has a snapshot and who has none decide differently, and both decisions are events");

  it("decides on the snapshot and what came after it, and appends at the stream's version", async () => {
    story({
      given: "v1 created, v2 confirmed, v3 stay changed; a snapshot at v2, then at v3",
      when: "CancelReservation; in another store, with the snapshot at v3, the same",
      wanted: "version 4 both times, ReservationCancelled stored as v4, not repeated",
    });
    for (const version of [2, 3]) {
      const { store, history } = await storeOf([created, confirmed, stayChanged]);
      await putRow(database.setUpPool, snapshotAt(history, version));
      const snapshots = createSnapshots(database.pool, store, never);
      const answer = await attemptCommand(store, snapshots, cancelReservation);
      expect(answer, "the answer").toEqual({ version: 4, repeated: false });
      expect(await storedIn(store), "the stream").toEqual([
        "v1 ReservationCreated",
        "v2 ReservationConfirmed",
        "v3 StayChanged",
        "v4 ReservationCancelled",
      ]);
    }
  });

  it("appends nothing where nothing is to be decided, and adds no event for a snapshot", async () => {
    story({
      given: "no stream, and a snapshot after each event",
      when: "CreateReservation, ConfirmReservation, ConfirmReservation again by somebody else",
      wanted:
        "versions 1, 2, 2, none of them repeated; two events in the stream, ReservationCreated and -Confirmed",
    });
    const { store } = await storeOf([]);
    const snapshots = createSnapshots(database.pool, store, always);
    const again = { ...confirmReservation, id: "00000000-0000-4000-8000-000000000099" };
    const answers: unknown[] = [];
    for (const command of [createReservation, confirmReservation, again]) {
      const { version, repeated } = await attemptCommand(store, snapshots, command);
      answers.push({ version, repeated });
      await settled(snapshots);
    }
    expect(answers, "the answers").toEqual([
      { version: 1, repeated: false },
      { version: 2, repeated: false },
      { version: 2, repeated: false },
    ]);
    expect(await storedIn(store), "the stream").toEqual([
      "v1 ReservationCreated",
      "v2 ReservationConfirmed",
    ]);
  });

  it("leaves a snapshot of what is stored", async () => {
    story({
      given: "v1 created, v2 confirmed, and a snapshot after each event",
      when: "ChangeStay, and the saving has settled",
      wanted: "a snapshot: its event is in the stream, its state is the replay up to there",
    });
    const { store } = await storeOf([created, confirmed]);
    const snapshots = createSnapshots(database.pool, store, always);
    await attemptCommand(store, snapshots, changeTheStay);
    await settled(snapshots);
    const kept = await keptIn(database.setUpPool);
    expect(kept.length, "how many snapshots are in the table").toBe(1);
    await expectSnapshotsOf(store);
  });

  it("leaves none of what was decided and not stored", async () => {
    story({
      given: "v1 created; somebody else confirms after this command has decided",
      when: "CancelReservation",
      wanted: "ConcurrencyConflict; a snapshot, if any, is of events that are in the stream",
      costs: "a cancellation that was refused comes back an hour later, out of the cache",
    });
    const { store } = await storeOf([created]);
    const raced = interveningStore(store, {
      beforeAppend: () => store.append(reservationId, [newEvent(confirmed)], 1),
    });
    const snapshots = createSnapshots(database.pool, raced, always);
    const attempt = attemptCommand(raced, snapshots, cancelReservation);
    await expect(attempt, "the attempt").rejects.toMatchObject({ name: "ConcurrencyConflict" });
    await settled(snapshots);
    await expectSnapshotsOf(store);
  });

  it("does not wait for the snapshot", async () => {
    story({
      given: "v1 created; nobody can write into the table of snapshots",
      when: "ConfirmReservation",
      wanted: "version 2 is stored and answered, while the snapshot still waits",
      costs: "somebody compresses the table of snapshots, and for 11 minutes nobody can book",
    });
    const { store } = await storeOf([created]);
    const snapshots = createSnapshots(database.pool, store, always);
    const answer = await whileNobodyWrites(database.setUpPool, () =>
      soon(
        attemptCommand(store, snapshots, confirmReservation),
        "the command still waits, and what it waits for is the snapshot",
      ),
    );
    expect(answer, "the answer").toMatchObject({ version: 2 });
    await settled(snapshots);
    await expectSnapshotsOf(store);
  });

  it("goes through when snapshots can neither be read nor saved", async () => {
    story({
      given: "v1 created, v2 confirmed; somebody has dropped the table of snapshots",
      when: "CancelReservation",
      wanted: "version 3, ReservationCancelled is stored; the problems are reported",
    });
    const { store } = await storeOf([created, confirmed]);
    const problems: unknown[] = [];
    const snapshots = createSnapshots(
      database.pool,
      store,
      always,
      (problem) => void problems.push(problem),
    );
    await withoutTable(database.setUpPool, async () => {
      const answer = await attemptCommand(store, snapshots, cancelReservation);
      expect(answer, "the answer").toMatchObject({ version: 3 });
      await settled(snapshots);
    });
    expect(problems.length, "problems that were reported").toBeGreaterThan(0);
    expect((await storedIn(store)).at(-1), "the last event").toBe(`v3 ${cancelled.type}`);
  });
});

async function offered(snapshots: Snapshots, streamId: string): Promise<void> {
  snapshots.offer(await snapshots.load(streamId));
  await settled(snapshots);
}

function settled(snapshots: Snapshots): Promise<void> {
  return soon(snapshots.settled(), "the saving of a snapshot does not come to an end");
}

async function storedIn(store: EventStore): Promise<readonly string[]> {
  const events = await collect(store.readStream(reservationId));
  return events.map(({ version, type }) => `v${version} ${type}`);
}

/** Each snapshot in the table is the state of the stream after an event that is in it. */
async function expectSnapshotsOf(store: EventStore): Promise<void> {
  const history = await collect(store.readStream(reservationId));
  for (const { version, event_id, state } of await rowsIn(database.setUpPool)) {
    const named = eventNamed(history, event_id);
    expect(named, `the event of the snapshot at version ${version}`).toBe(`v${version}`);
    const events = history.slice(0, version) as Parameters<typeof stateAfter>[0];
    expect(JSON.parse(state), `the state of the snapshot at version ${version}`).toEqual(
      stateAfter(events),
    );
  }
}
