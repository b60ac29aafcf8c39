import fc from "fast-check";
import { describe, expect } from "vitest";
import { ConcurrencyConflict } from "../../shared/kernel/errors.ts";
import type { DomainEvent, EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type { AppendResult, EventStore, ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { answerTo, refusalInWords } from "../../shared/testing/append-outcome.ts";
import { collect } from "../../shared/testing/collect.ts";
import { unlessEndless } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { commandInWords } from "../../shared/testing/in-words.ts";
import { chronicle, interleave, turns } from "../../shared/testing/interleaving.ts";
import { law } from "../../shared/testing/law.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { create, stateAfter } from "../../shared/testing/reservations.ts";
import { decide } from "../../solutions/01-aggregate/reservation.ts";
import type {
  ReservationCommand,
  ReservationEvent,
} from "../../solutions/01-aggregate/reservation-types.ts";
import { isAsExpected } from "../../solutions/04-concurrency/expected-version.ts";
import { postgresEventStore } from "./event-store.ts";

const database = useDatabase(4);
let streams = 0;

describe("writers of one stream, in any interleaving", () => {
  const told = chronicle();

  law("race", "one wins each version, and the others learn what the version is", {
    given: [fc.array(modes(), { minLength: 2, maxLength: 5 }), turns(), fc.boolean()],
    runs: 60,
    async holds(expectations, order, exists) {
      const stream = newStream();
      if (exists) await store().append(stream, [noted("before")], "no-stream");
      const results = await interleave(
        database.pool,
        order,
        expectations.map((mode, index) => async (db, tell) => {
          const own = postgresEventStore(db);
          const read = (await collect(own.readStream(stream))).length;
          const expected = mode === "what was read" ? read : mode;
          const writer = `writer ${index + 1}`;
          const appending = own.append(stream, batchOf(writer), expected);
          const answer = await heard(appending);
          tell(`expected ${expected}: ${answerInWords(answer)}`);
          return { writer, expected, ...answer };
        }),
        told.begin([expectations, order, exists]),
      );
      const answers = results.map((each, index) => {
        if (each.status === "fulfilled") return each.value;
        expect(refusalInWords(each.reason), `what writer ${index + 1} hears`).toContain(
          "ConcurrencyConflict",
        );
        throw each.reason;
      });
      const history = await collect(store().readStream(stream));
      const wanted = answers
        .filter(({ isWritten }) => isWritten)
        .sort((a, b) => a.at - b.at)
        .flatMap(({ writer, at }) =>
          batchOf(writer).map((event, index) => `v${at + index + 1} ${noteOf(event)}`),
        );
      expect(history.map(noteInWords), "the stream, beside what the writers were told").toEqual(
        exists ? ["v1 before", ...wanted] : wanted,
      );
      const versions = history.map((event) => event.version);
      expect(versions, "versions without a gap").toEqual(versions.map((_, index) => index + 1));
      const wrong = answers.filter(
        ({ isWritten, at, expected }) => isWritten !== isAsExpected(at, expected),
      );
      expect(
        wrong.map(wrongInWords),
        "what was written, or refused, against its expectation",
      ).toEqual([]);
    },
    story: (expectations, order, exists) => ({
      given: [
        exists ? "the stream is at version 1" : "there is no stream",
        ...expectations.map((mode, index) => `writer ${index + 1} will expect ${mode}`),
      ],
      when: [
        "each reads, then appends two events, in this order:",
        ...told.of([expectations, order, exists]),
      ],
      wanted:
        "who finds the stream as expected writes both, the others a conflict with what it is at",
      costs: "two decisions stand on one version: 212 streams were confirmed and cancelled at once",
    }),
  });

  law("decided", "who decides at a version is replayed at that version", {
    given: [
      fc.array(fc.array(command(), { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 3 }),
      turns(),
    ],
    runs: 40,
    async holds(desks, order) {
      const stream = newStream();
      const creation = decide(create, { status: "none" }).map((event) => newEvent(event));
      await store().append(stream, creation, 0);
      const results = await interleave(
        database.pool,
        order,
        desks.map((wishes, index) => async (db, tell) => {
          const done: Decision[] = [];
          for (const wish of wishes) {
            const decision = await handled(postgresEventStore(db), stream, wish, tell);
            done.push({ ...decision, by: `writer ${index + 1}` });
          }
          return done;
        }),
        told.begin([desks, order]),
      );
      const decisions = results.flatMap((each) => {
        if (each.status === "rejected") throw each.reason;
        return each.value;
      });
      const history = (await collect(
        store().readStream(stream),
      )) as EventEnvelope<ReservationEvent>[];
      const inOrder = [{ at: 0, by: "the front desk", events: creation }, ...decisions].sort(
        (a, b) => a.at - b.at,
      );
      const authors = new Map(
        inOrder.flatMap(({ by, events }) => events.map(({ id }) => [id, by] as const)),
      );
      expect(
        history.map(({ id, version, type }) => `v${version} ${type} of ${authors.get(id)}`),
        "the stream, beside what was decided at each version",
      ).toEqual(
        inOrder.flatMap(({ at, by, events }) =>
          events.map(({ type }, index) => `v${at + index + 1} ${type} of ${by}`),
        ),
      );
      const decided = inOrder.flatMap(({ events }) => events) as ReservationEvent[];
      expect(stateAfter(history), "the state that the stream replays to").toEqual(
        stateAfter(decided),
      );
    },
    story: (desks, order) => ({
      given: [
        "a pending reservation at version 1",
        ...desks.map(
          (wishes, index) => `writer ${index + 1}: ${wishes.map(commandInWords).join(", then ")}`,
        ),
      ],
      when: [
        "each loads, decides, appends, and after a conflict begins again:",
        ...told.of([desks, order]),
      ],
      wanted:
        "the stream has the decisions of all, each right behind the version that it was made at",
      costs: "the first repair: the same events at the next version, decided without the last fact",
    }),
  });
});

describe("any sequence of appends", () => {
  law("model", "ends alike in PostgreSQL and in memory", {
    given: [fc.array(appends(), { minLength: 1, maxLength: 10 })],
    runs: 60,
    async holds(plan) {
      const model = inMemoryEventStore();
      const prefix = newStream();
      const known = Array.from({ length: 6 }, (_, index) => noted(`event ${index + 1}`));
      for (const planned of plan) {
        const events = planned.picks.map((pick) => known[pick] ?? noted("a new event"));
        const streamId = `${prefix}-${planned.stream}`;
        const real = await ending(store().append(streamId, events, planned.expected));
        const wanted = await ending(model.append(streamId, events, planned.expected));
        expect(real, `the answer to "${appendInWords(planned)}", beside the model's`).toBe(wanted);
      }
      for (const stream of ["a", "b"]) {
        const streamId = `${prefix}-${stream}`;
        const real = await collect(store().readStream(streamId, { pageSize: 2 }));
        const wanted = await collect(model.readStream(streamId));
        expect(real.map(noteInWords), `stream ${stream}, beside the model's`).toEqual(
          wanted.map(noteInWords),
        );
        expect(real.map(withoutPlace), `each field of stream ${stream}`).toEqual(
          wanted.map(withoutPlace),
        );
      }
    },
    story: (plan) => ({
      given: "an empty store",
      when: plan.map(appendInWords),
      wanted: "each is answered as by the model in memory, and the streams are the same",
      costs: "an append that is sent again, in a case that nobody thought of, is a second booking",
    }),
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

interface PlannedAppend {
  readonly stream: string;
  /** Known events, so that some are sent twice; a pick of 6 or more is a new event. */
  readonly picks: readonly number[];
  readonly expected: ExpectedVersion;
}

function appends(): fc.Arbitrary<PlannedAppend> {
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

/** `event 1 and a new event to a, expecting 0` */
function appendInWords({ stream, picks, expected }: PlannedAppend): string {
  const events = picks.map((pick) => (pick < 6 ? `event ${pick + 1}` : "a new event"));
  return `${events.join(" and ")} to ${stream}, expecting ${expected}`;
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

interface Answer {
  /** True where both events of the batch were written. */
  readonly isWritten: boolean;
  /** The version that they were written behind; or what the stream is at, by the conflict. */
  readonly at: number;
}

/** What a writer of two events hears; any error but a conflict is thrown on. */
async function heard(append: Promise<AppendResult>): Promise<Answer> {
  try {
    return { isWritten: true, at: (await append).version - 2 };
  } catch (error) {
    if (!(error instanceof ConcurrencyConflict)) throw error;
    return { isWritten: false, at: error.actual };
  }
}

function answerInWords({ isWritten, at }: Answer): string {
  return isWritten ? `written, as versions ${at + 1} and ${at + 2}` : `a conflict, is at ${at}`;
}

function wrongInWords(answer: Answer & { writer: string; expected: ExpectedVersion }): string {
  return `${answer.writer} expected ${answer.expected}: ${answerInWords(answer)}`;
}

interface Decision {
  readonly by: string;
  /** The version that was read. */
  readonly at: number;
  readonly events: readonly NewEvent[];
}

/** Load, decide, append; after a conflict once more, with the new events in sight. */
async function handled(
  own: EventStore,
  stream: string,
  wish: ReservationCommand,
  tell: (what: string) => void,
): Promise<Omit<Decision, "by">> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const history = (await collect(own.readStream(stream))) as EventEnvelope<ReservationEvent>[];
    const events = decide(wish, stateAfter(history)).map((event) => newEvent(event));
    const at = history.length;
    if (events.length === 0) return { at, events };
    const types = events.map(({ type }) => type).join(", ");
    try {
      await own.append(stream, events, at);
      tell(`decided ${types} at version ${at}: written`);
      return { at, events };
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict)) throw error;
      tell(`decided ${types} at version ${at}: a conflict, is at ${error.actual}`);
    }
  }
  throw new RangeError("Ten conflicts in a row: nobody made progress.");
}

function store(): EventStore {
  return postgresEventStore(unlessEndless(database.pool));
}

function newStream(): string {
  streams += 1;
  return `reservation-${streams}`;
}

function noted(text: string): NewEvent {
  return newEvent({ type: "Noted", data: { text } });
}

function batchOf(writer: string): readonly NewEvent[] {
  return [noted(`first event of ${writer}`), noted(`second event of ${writer}`)];
}

/** How an append ended. Which of several known events a DuplicateEvent names is up to the store. */
async function ending(append: Promise<AppendResult>): Promise<string> {
  return (await answerTo(append)).replace(/^(DuplicateEvent): .*$/, "$1");
}

function noteOf({ data }: DomainEvent): string {
  return String(Reflect.get(data, "text"));
}

function noteInWords(event: EventEnvelope): string {
  return `v${event.version} ${noteOf(event)}`;
}

function withoutPlace({ position, recordedAt, ...event }: EventEnvelope): object {
  return event;
}
