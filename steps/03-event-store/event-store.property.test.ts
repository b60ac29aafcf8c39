import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import pg from "pg";
import { describe, expect } from "vitest";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import { answerTo } from "../../shared/testing/append-outcome.ts";
import { collect } from "../../shared/testing/collect.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { historyInWords } from "../../shared/testing/in-words.ts";
import { law } from "../../shared/testing/law.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { stateAfter, validHistories } from "../../shared/testing/reservations.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { appendToStream, readAll, readStream } from "./event-store.ts";
import { assertSurvivesJson } from "./storable.ts";

const database = useDatabase(3);

describe("whatever is appended", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
  });
  const values = fc.array(fc.record({ value: fc.oneof(anything, text()) }), {
    minLength: 1,
    maxLength: 20,
  });

  law("values", "what is not refused comes back from jsonb as it was", {
    given: [values],
    runs: 200,
    async holds(candidates) {
      const kept = candidates.filter(isLetThrough);
      const back = await throughJsonb(kept);
      const changed = kept.flatMap((value, index) =>
        isDeepStrictEqual(withPrototypes(back[index]), withPrototypes(value))
          ? []
          : [`${fc.stringify(value)} came back as ${fc.stringify(back[index])}`],
      );
      expect(changed, "what was let through, and came back as something else").toEqual([]);
      const refused = candidates.filter((candidate) => !kept.includes(candidate));
      const survivors = refused.filter(survives).map((value) => fc.stringify(value));
      expect(survivors, "what was refused, and would have come back").toEqual([]);
    },
    story: (candidates) => ({
      given: candidates.map((candidate) => fc.stringify(candidate)),
      when: "assertSurvivesJson looks at each, and jsonb stores those that it lets through",
      wanted: "each is refused, or comes back as it was; none is refused that would come back",
      costs: "a fact is kept for ever as something else than what happened",
    }),
  });

  let runs = 0;

  law("pages", "replaying it in pages and batches equals replaying it at once", {
    given: [validHistories(), cuts(), pageSizes()],
    runs: 40,
    async holds(history, sizes, pageSize) {
      runs += 1;
      const streamId = `reservation-${runs}`;
      const events = history.map((event) => newEvent(event));
      for (const batch of batches(events, sizes)) {
        await appendToStream(database.pool, streamId, batch);
      }
      const read = await collect(readStream(database.pool, streamId, { pageSize }));
      const inWords = historyInWords(read as EventEnvelope<ReservationEvent>[]);
      expect(inWords, "what was read, in its order").toEqual(historyInWords(history));
      expect(read, "each field of what was read").toMatchObject(
        events.map((event, index) => ({ ...event, streamId, version: index + 1 })),
      );
      const state = stateAfter(read as EventEnvelope<ReservationEvent>[]);
      expect(state, "the state that it replays to").toEqual(stateAfter(history));
    },
    story: (history, sizes, pageSize) => ({
      given: historyInWords(history),
      when: `appended in batches of ${sizes.join(", ")}, and read in pages of ${pageSize}`,
      wanted: "the same events, numbered from 1, and the same state",
      costs: "an event that is read twice, or never, at the edge of a page: another total",
    }),
  });

  law("model", "the store agrees with its model in memory", {
    given: [fc.array(operations(), { maxLength: 12 })],
    runs: 30,
    async holds(plan) {
      runs += 1;
      const run = runs;
      const model = inMemoryEventStore();
      const named = (stream: string): string => `${stream}-${run}`;
      const start = await lastPosition();
      for (const operation of plan) {
        const streamId = named(operation.stream);
        const told = `"${operationInWords(operation)}", beside the model's answer`;
        if (operation.does === "append") {
          const events = operation.data.map((data) => newEvent({ type: "Noted", data }));
          const real = await answerTo(appendToStream(database.pool, streamId, events));
          expect(real, told).toBe(await answerTo(model.append(streamId, events, "any")));
        } else {
          const { fromVersion, pageSize } = operation;
          const options = { fromVersion, pageSize };
          const real = await collect(readStream(database.pool, streamId, options));
          const wanted = await collect(model.readStream(streamId, options));
          expect(real.map(withoutPlace), told).toEqual(wanted.map(withoutPlace));
        }
      }
      const real = await collect(readAll(database.pool, { after: start, pageSize: 3 }));
      const wanted = await collect(model.readAll());
      expect(real.map(withoutPlace), "all streams, beside those of the model").toEqual(
        wanted.map(withoutPlace),
      );
    },
    story: (plan) => ({
      given: "an empty store",
      when: [...plan.map(operationInWords), "then all streams are read, in pages of 3"],
      wanted: "each answer, and each page, as the model in memory has it",
      costs: "the store keeps or loses events in a case that nobody has thought of",
    }),
  });
});

type Operation =
  | { readonly does: "append"; readonly stream: string; readonly data: readonly object[] }
  | {
      readonly does: "read";
      readonly stream: string;
      readonly fromVersion: number;
      readonly pageSize: number;
    };

function operations(): fc.Arbitrary<Operation> {
  const stream = fc.constantFrom("a", "b", "o'hara");
  const data = fc.record(
    { value: fc.oneof({ weight: 19, arbitrary: fc.jsonValue() }, fc.constant(Number.NaN)) },
    { noNullPrototype: true },
  );
  const batch = fc.oneof(
    { weight: 9, arbitrary: fc.array(data, { minLength: 1, maxLength: 4 }) },
    fc.constant([]),
  );
  return fc.oneof(
    fc.record(
      { does: fc.constant("append" as const), stream, data: batch },
      { noNullPrototype: true },
    ),
    fc.record(
      {
        does: fc.constant("read" as const),
        stream,
        fromVersion: fc.integer({ min: 0, max: 6 }),
        pageSize: pageSizes(),
      },
      { noNullPrototype: true },
    ),
  );
}

function operationInWords(operation: Operation): string {
  const { stream } = operation;
  if (operation.does === "append") return `append ${fc.stringify(operation.data)} to ${stream}`;
  return `read ${stream} from version ${operation.fromVersion} in pages of ${operation.pageSize}`;
}

/** Positions have gaps in one store and none in the other, and each has its own clock. */
function withoutPlace({ position, recordedAt, ...event }: EventEnvelope): object {
  return event;
}

async function lastPosition(): Promise<bigint> {
  const { rows } = await database.pool.query("select max(position) as last from events");
  return BigInt(rows[0].last ?? 0);
}

function isLetThrough(value: object): boolean {
  try {
    assertSurvivesJson(value, "data");
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "InvalidEvent") return false;
    throw error;
  }
}

/** What comes back from the database; where nothing does, the error of whoever refused it. */
async function throughJsonb(values: readonly object[]): Promise<readonly unknown[]> {
  try {
    const { rows } = await database.pool.query("select $1::jsonb as kept", [
      JSON.stringify(values),
    ]);
    return rows[0].kept;
  } catch (error) {
    // JSON.stringify says no to a bigint, PostgreSQL to a NUL: a data exception, 22xxx.
    const isRefusal = error instanceof pg.DatabaseError && error.code?.startsWith("22");
    if (!isRefusal && !(error instanceof TypeError)) throw error;
    return values.map(() => error.message);
  }
}

/** Whether JSON and PostgreSQL keep the value, told in another way than by walking through it. */
function survives(value: unknown): boolean {
  try {
    const json = JSON.stringify(value);
    if (/\\u0000|\\ud[89a-f]/.test(json)) return false;
    let exact = true;
    const parsed = JSON.parse(json, (_key, each: unknown) => {
      if (Number.isInteger(each) && !Number.isSafeInteger(each)) exact = false;
      return each;
    });
    return exact && isDeepStrictEqual(parsed, withPrototypes(value));
  } catch {
    return false;
  }
}

/** An object without a prototype comes back with one; that is no loss. */
function withPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPrototypes);
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== null && Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withPrototypes(each)]),
  );
}

function text(): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom("a", "\0", "\ud83d", "\ude00", "é", "李") });
}

function pageSizes(): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: 9 });
}

function cuts(): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
}

/** Cuts the events into batches of these sizes, which are used again and again. */
function* batches(events: readonly NewEvent[], sizes: readonly number[]): Generator<NewEvent[]> {
  for (let start = 0, turn = 0; start < events.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield events.slice(start, start + size);
    start += size;
  }
}
