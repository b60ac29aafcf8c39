import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type pg from "pg";
import { beforeAll, describe, expect } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { collect } from "../../shared/testing/collect.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { commandInWords, historyInWords } from "../../shared/testing/in-words.ts";
import { law } from "../../shared/testing/law.ts";
import {
  reservationCommands,
  reservationId,
  stateAfter,
  validHistories,
} from "../../shared/testing/reservations.ts";
import { putRow, rowsIn, snapshotAt, storeOf } from "../../shared/testing/snapshots.ts";
import { costs } from "../../shared/testing/story.ts";
import { decide } from "../../solutions/01-aggregate/reservation.ts";
import type {
  ReservationCommand,
  ReservationEvent,
} from "../../solutions/01-aggregate/reservation-types.ts";
import { checksumOf, stateSchema } from "../../solutions/10-snapshots/snapshot.ts";
import { attemptCommand } from "./attempt-command.ts";
import { load } from "./load.ts";
import { findSnapshot, saveSnapshot } from "./snapshots.ts";
import { createSnapshots } from "./taking.ts";

const database = useDatabase(10);
let pool: pg.Pool;

beforeAll(() => {
  // Hundreds of commits: here the server need not wait for its disk.
  pool = database.newPool({ options: "-c synchronous_commit=off" });
});

/** What may happen to the snapshot of a stream between two commands. */
const accidents = [
  "nothing",
  "dropped",
  "edited",
  "older code",
  "put back",
  "of a lost event",
] as const;
type Accident = (typeof accidents)[number];

describe("the laws of snapshots", () => {
  costs("with the cache on, a guest is billed another total than with the cache off");

  law("any", "a load from a snapshot at any version equals a full replay", {
    given: [validHistories()],
    runs: 30,
    async holds(events) {
      await empty();
      const { store, history } = await storeOf(events);
      for (let version = 0; version <= history.length; version++) {
        if (version > 0) await putRow(pool, snapshotAt(history, version));
        const { state, version: last, eventId } = await load(pool, store, reservationId);
        expect({ state, version: last, eventId }, `loaded with a snapshot at v${version}`).toEqual({
          state: stateAfter(events),
          version: history.length,
          eventId: history.at(-1)?.id,
        });
      }
    },
    story: (events) => ({
      given: historyInWords(events),
      when: "loaded without a snapshot, and with one at each version",
      wanted: "each time the state of all events, and the version of the last",
    }),
  });

  law("late", "the newest of the snapshots that were saved is the one that is found", {
    given: [validHistories(), fc.array(fc.nat(7), { minLength: 1, maxLength: 8 })],
    runs: 30,
    async holds(events, picks) {
      await empty();
      const { history } = await storeOf(events);
      const versions = versionsOf(picks, events);
      for (const version of versions) await saveSnapshot(pool, snapshotAt(history, version));
      const newest = snapshotAt(history, Math.max(...versions));
      expect(await findSnapshot(pool, reservationId), "what is found").toEqual(newest);
    },
    story: (events, picks) => ({
      given: historyInWords(events),
      when: `snapshots are saved at the versions ${versionsOf(picks, events).join(", ")}, in this order`,
      wanted: `the one at version ${Math.max(...versionsOf(picks, events))} is found`,
    }),
  });

  law("accidents", "commands decide the same, whatever becomes of the snapshots", {
    given: [
      reservationCommands(),
      fc.array(fc.constantFrom(...accidents), { minLength: 8, maxLength: 8 }),
      fc.integer({ min: 1, max: 3 }),
    ],
    runs: 30,
    async holds(commands, happened, everyEvents) {
      await empty();
      const { store } = await storeOf([]);
      const snapshots = createSnapshots(pool, store, { everyEvents, slowerThan: 1_000_000 });
      for (const [index, command] of commands.entries()) {
        const envelope = { id: randomUUID(), command };
        await attemptCommand(store, snapshots, envelope).catch(refusedOrThrown);
        await snapshots.settled();
        await befall(happened[index] ?? "nothing", await historyIn(store));
      }
      const history = await historyIn(store);
      const stored = history.map(({ type, data }) => ({ type, data }));
      expect(stored, "the events that were stored").toEqual(decidedWithout(commands));
      const { state, version } = await load(pool, store, reservationId);
      expect({ state, version }, "what is loaded in the end").toEqual({
        state: stateAfter(history),
        version: history.length,
      });
    },
    story: (commands, happened, everyEvents) => ({
      given: `snapshots every ${everyEvents} events`,
      when: commands.map(
        (command, index) => `${commandInWords(command)}; the snapshot: ${happened[index]}`,
      ),
      wanted: "the events that are decided without snapshots, and the state of all of them",
    }),
  });
});

async function empty(): Promise<void> {
  await pool.query("truncate snapshots");
}

function versionsOf(picks: readonly number[], events: readonly unknown[]): readonly number[] {
  return picks.map((pick) => (pick % events.length) + 1);
}

/** What the reference decides for the same commands, and no snapshot in sight. */
function decidedWithout(commands: readonly ReservationCommand[]): readonly ReservationEvent[] {
  const decided: ReservationEvent[] = [];
  for (const command of commands) {
    try {
      decided.push(...decide(command, stateAfter(decided)));
    } catch (error) {
      refusedOrThrown(error);
    }
  }
  return decided;
}

function refusedOrThrown(error: unknown): void {
  if (!(error instanceof Error) || error.name !== "DomainError") throw error;
}

async function historyIn(
  store: Awaited<ReturnType<typeof storeOf>>["store"],
): Promise<readonly EventEnvelope<ReservationEvent>[]> {
  return (await collect(store.readStream(reservationId))) as EventEnvelope<ReservationEvent>[];
}

/** Does to the snapshot what the accident says; what it changes would cancel the reservation. */
async function befall(
  accident: Accident,
  history: readonly EventEnvelope<ReservationEvent>[],
): Promise<void> {
  const [row] = await rowsIn(pool);
  const last = history.at(-1);
  if (accident === "dropped") await empty();
  if (!row || !last) return;
  const wrong = JSON.stringify({ ...JSON.parse(row.state), status: "cancelled" });
  const snapshot = snapshotAt(history, row.version);
  if (accident === "edited") await putRow(pool, snapshot, { state: wrong, checksum: row.checksum });
  if (accident === "put back") await putRow(pool, snapshotAt(history, 1));
  if (accident === "of a lost event") {
    await putRow(pool, snapshot, { state: wrong, event_id: randomUUID() });
  }
  if (accident === "older code") {
    await empty();
    const older = { ...row, state: wrong, state_schema: stateSchema - 1 };
    await putRow(pool, snapshot, { ...older, checksum: checksumOf(older) });
  }
}
