import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type { AppendResult, EventStore, ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { answerTo } from "../../shared/testing/append-outcome.ts";
import { collect } from "../../shared/testing/collect.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { interleave } from "../../shared/testing/interleaving.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { create, stateAfter } from "../../shared/testing/reservations.ts";
import { decide } from "../../solutions/01-aggregate/reservation.ts";
import type {
  ReservationCommand,
  ReservationEvent,
} from "../../solutions/01-aggregate/reservation-types.ts";
import { postgresEventStore } from "./event-store.ts";

const database = useDatabase(4);
let streams = 0;

describe("writers of one stream, in any interleaving", () => {
  it("one wins each version, and the others learn what the version is", async () => {
    const writers = fc.array(modes(), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(writers, order(), fc.boolean(), async (expectations, turns, exists) => {
        const stream = newStream();
        if (exists) await store().append(stream, [noted("before")], "no-stream");
        const start = exists ? 1 : 0;
        const results = await interleave(
          database.pool,
          turns,
          expectations.map((mode, index) => async (db) => {
            const batch = [noted(`${index} a`), noted(`${index} b`)];
            const own = postgresEventStore(db);
            const read = (await collect(own.readStream(stream))).length;
            const expected = mode === "what was read" ? read : mode;
            return { expected, batch, result: await own.append(stream, batch, expected) };
          }),
        );
        const history = await collect(store().readStream(stream));
        const versions = history.map((event) => event.version);
        expect(versions, "versions without a gap").toEqual(versions.map((_, index) => index + 1));
        const winners = results.flatMap((each) =>
          each.status === "fulfilled" ? [each.value] : [],
        );
        expect(history.length, "both events of each writer that was told so are stored").toBe(
          start + 2 * winners.length,
        );
        for (const { expected, batch, result } of winners) {
          const own = history.slice(result.version - 2, result.version);
          expect(own.map(noteOf), "a winner's batch ends at the version it was told").toEqual(
            batch.map(noteOf),
          );
          const told = `a winner that expected ${expected}, and where its batch ended`;
          if (typeof expected === "number") expect(result.version, told).toBe(expected + 2);
          if (expected === "no-stream") expect(result.version, told).toBe(2);
          if (expected === "stream-exists") expect(result.version, told).toBeGreaterThan(2);
        }
        for (const [index, each] of results.entries()) {
          if (each.status === "fulfilled") continue;
          const answer = await answerTo(Promise.reject(each.reason));
          expect(answer, "what a writer hears that did not win").toContain(
            `ConcurrencyConflict: ${stream} is at`,
          );
          expect(expectations[index], "any is never in conflict").not.toBe("any");
          const { expected, actual } = each.reason;
          const told = `a conflict that expected ${expected}, and what the stream is at`;
          if (typeof expected === "number") expect(actual, told).not.toBe(expected);
          if (expected === "no-stream") expect(actual, told).toBeGreaterThan(0);
          if (expected === "stream-exists") expect(actual, told).toBe(0);
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it("who decides at a version is replayed at that version", async () => {
    const commands = fc.array(fc.array(command(), { minLength: 1, maxLength: 2 }), {
      minLength: 2,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(commands, order(), async (desks, turns) => {
        const stream = newStream();
        const creation = decide(create, { status: "none" }).map((event) => newEvent(event));
        await store().append(stream, creation, 0);
        const decided = await interleave(
          database.pool,
          turns,
          desks.map((wishes) => async (db) => {
            const done: { readonly at: number; readonly events: readonly NewEvent[] }[] = [];
            for (const wish of wishes)
              done.push(await handled(postgresEventStore(db), stream, wish));
            return done;
          }),
        );
        const history = (await collect(
          store().readStream(stream),
        )) as EventEnvelope<ReservationEvent>[];
        const committed = decided
          .flatMap((each) => {
            if (each.status === "rejected") throw each.reason;
            return each.value;
          })
          .filter(({ events }) => events.length > 0)
          .sort((a, b) => a.at - b.at);
        const inOrder = [...creation, ...committed.flatMap(({ events }) => events)];
        expect(history.map((event) => event.id)).toEqual(inOrder.map((event) => event.id));
        expect(stateAfter(history)).toEqual(stateAfter(inOrder as ReservationEvent[]));
      }),
      { seed: 1, numRuns: 40 },
    );
  });
});

describe("any sequence of appends", () => {
  it("ends alike in PostgreSQL and in memory", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(appends(), { minLength: 1, maxLength: 10 }), async (plan) => {
        const model = inMemoryEventStore();
        const prefix = newStream();
        const known = Array.from({ length: 6 }, (_, index) => noted(`event ${index}`));
        for (const { stream, picks, expected } of plan) {
          const events = picks.map((pick) => known[pick] ?? noted("new"));
          const streamId = `${prefix}-${stream}`;
          const real = await ending(store().append(streamId, events, expected));
          const told = `the last append, expecting ${expected}: its answer, beside the model's`;
          expect(real, told).toEqual(await ending(model.append(streamId, events, expected)));
        }
        for (const stream of ["a", "b"]) {
          const streamId = `${prefix}-${stream}`;
          const real = await collect(store().readStream(streamId, { pageSize: 2 }));
          const wanted = await collect(model.readStream(streamId));
          expect(real.map(withoutPlace), "a stream, beside the model's").toEqual(
            wanted.map(withoutPlace),
          );
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});

type Mode = ExpectedVersion | "what was read";

function modes(): fc.Arbitrary<Mode> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<Mode>("what was read") },
    { weight: 3, arbitrary: fc.constantFrom<Mode>("any", "no-stream", "stream-exists") },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }) },
  );
}

/** Whose turn it is, see `interleave`. */
function order(): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 });
}

/** Picks of known events, so that some are sent twice; a pick of 6 or more is a new event. */
function appends() {
  return fc.record(
    {
      stream: fc.constantFrom("a", "b"),
      picks: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 3 }),
      expected: fc.oneof(
        fc.constantFrom<ExpectedVersion>("any", "no-stream", "stream-exists"),
        fc.integer({ min: 0, max: 6 }),
      ),
    },
    { noNullPrototype: true },
  );
}

function command(): fc.Arbitrary<ReservationCommand> {
  const reservationId = create.data.reservationId;
  const now = "2030-01-20T09:00:00.000Z";
  const stay = { arrival: "2030-05-01", departure: "2030-05-04" };
  return fc.constantFrom<ReservationCommand>(
    { type: "ConfirmReservation", data: { reservationId, now } },
    { type: "ChangeStay", data: { reservationId, stay, now } },
  );
}

/** Load, decide, append; after a conflict once more, with the new events in sight. */
async function handled(own: EventStore, stream: string, wish: ReservationCommand) {
  for (let attempt = 0; attempt < 10; attempt++) {
    const history = (await collect(own.readStream(stream))) as EventEnvelope<ReservationEvent>[];
    const events = decide(wish, stateAfter(history)).map((event) => newEvent(event));
    const at = history.length;
    if (events.length === 0) return { at, events };
    try {
      await own.append(stream, events, at);
      return { at, events };
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ConcurrencyConflict") throw error;
    }
  }
  throw new RangeError("Ten conflicts in a row: nobody made progress.");
}

function store(): EventStore {
  return postgresEventStore(database.pool);
}

function newStream(): string {
  streams += 1;
  return `reservation-${streams}`;
}

function noted(text: string): NewEvent {
  return newEvent({ type: "Noted", data: { text } });
}

/** How an append ended. Which of several known events a DuplicateEvent names is up to the store. */
async function ending(append: Promise<AppendResult>): Promise<string> {
  return (await answerTo(append)).replace(/^(DuplicateEvent): .*$/, "$1");
}

function noteOf(event: NewEvent): unknown {
  return event.data;
}

function withoutPlace({ position, recordedAt, ...event }: EventEnvelope): object {
  return event;
}
