import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import { collect } from "../../shared/testing/collect.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { stateAfter, validHistories } from "../../shared/testing/reservations.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { appendToStream, readAll, readStream } from "./event-store.ts";
import { assertSurvivesJson } from "./storable.ts";

const database = useDatabase(3);

describe("whatever is appended", () => {
  it("what is not refused comes back from jsonb as it was", async () => {
    const values = fc.array(fc.record({ value: fc.oneof(fc.anything(), text()) }), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(values, async (candidates) => {
        const kept = candidates.filter(isLetThrough);
        const { rows } = await database.pool.query("select $1::jsonb as kept", [
          JSON.stringify(kept),
        ]);
        expect(isDeepStrictEqual(withPrototypes(rows[0].kept), withPrototypes(kept))).toBe(true);
        const refused = candidates.filter((candidate) => !kept.includes(candidate));
        for (const value of refused) expect(survives(value)).toBe(false);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("replaying it in pages and batches equals replaying it at once", async () => {
    let stream = 0;
    await fc.assert(
      fc.asyncProperty(validHistories(), cuts(), pageSizes(), async (history, sizes, pageSize) => {
        stream += 1;
        const streamId = `reservation-${stream}`;
        const events = history.map((event) => newEvent(event));
        for (const batch of batches(events, sizes)) {
          await appendToStream(database.pool, streamId, batch);
        }
        const read = await collect(readStream(database.pool, streamId, { pageSize }));
        expect(read).toMatchObject(
          events.map((event, index) => ({ ...event, streamId, version: index + 1 })),
        );
        expect(stateAfter(read as EventEnvelope<ReservationEvent>[])).toEqual(stateAfter(history));
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  it("the store agrees with its model in memory", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operations(), { maxLength: 12 }), async (plan) => {
        run += 1;
        const model = inMemoryEventStore();
        const named = (stream: string): string => `${stream}-${run}`;
        const start = await lastPosition();
        for (const operation of plan) {
          const streamId = named(operation.stream);
          if (operation.does === "append") {
            const events = operation.data.map((data) => newEvent({ type: "Noted", data }));
            const [real, wanted] = await Promise.allSettled([
              appendToStream(database.pool, streamId, events),
              model.append(streamId, events, "any"),
            ]);
            expect(outcome(real)).toEqual(outcome(wanted));
          } else {
            const { fromVersion, pageSize } = operation;
            const options = { fromVersion, pageSize };
            const real = await collect(readStream(database.pool, streamId, options));
            const wanted = await collect(model.readStream(streamId, options));
            expect(real.map(withoutPlace)).toEqual(wanted.map(withoutPlace));
          }
        }
        const real = await collect(readAll(database.pool, { after: start, pageSize: 3 }));
        const wanted = await collect(model.readAll());
        expect(real.map(withoutPlace)).toEqual(wanted.map(withoutPlace));
      }),
      { seed: 1, numRuns: 30 },
    );
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
    { value: fc.oneof({ weight: 9, arbitrary: fc.jsonValue() }, fc.constant(Number.NaN)) },
    { noNullPrototype: true },
  );
  return fc.oneof(
    fc.record(
      { does: fc.constant("append" as const), stream, data: fc.array(data, { maxLength: 4 }) },
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

/** What both stores have to agree on: how it ended, not at which position. */
function outcome(result: PromiseSettledResult<{ version: number; repeated: boolean }>): object {
  if (result.status === "fulfilled") {
    return { version: result.value.version, repeated: result.value.repeated };
  }
  const { name, path } = result.reason as { name: string; path?: string };
  return { name, path };
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
