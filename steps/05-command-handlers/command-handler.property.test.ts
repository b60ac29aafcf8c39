import fc from "fast-check";
import { describe, expect } from "vitest";
import { DomainError } from "../../shared/kernel/errors.ts";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import { storedIn } from "../../shared/testing/command-handling.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { commandInWords, eventInWords } from "../../shared/testing/in-words.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { law } from "../../shared/testing/law.ts";
import { reservationCommands, stateAfter } from "../../shared/testing/reservations.ts";
import { decide } from "../../solutions/01-aggregate/reservation.ts";
import type {
  ReservationCommand,
  ReservationEvent,
} from "../../solutions/01-aggregate/reservation-types.ts";
import { backoffDelay, firstDelay, longestDelay } from "./back-off.ts";
import { handleCommand } from "./command-handler.ts";
import type { CommandEnvelope, CommandResult } from "./command-types.ts";

/** Commands for one reservation that will all arrive at once, each with an id of its own. */
const commands = reservationCommands({ maxLength: 6 }).map((list) =>
  list.map((command, index) => ({ id: `00000000-0000-4000-8000-00000000000${index}`, command })),
);

describe("the wait before the next attempt", () => {
  law("wait", "is never less than nothing, nor more than its limit", {
    given: [
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 0, max: 999 }).map((thousandths) => thousandths / 1_000),
    ],
    runs: 300,
    holds(attempt, part) {
      const delay = backoffDelay(attempt, () => part);
      expect(delay, "the wait").toBeGreaterThanOrEqual(0);
      expect(delay, "the wait").toBeLessThanOrEqual(limitAfter(attempt));
    },
    story: (attempt, part) => ({
      given: `random gives ${part}`,
      when: `the wait after attempt ${attempt}`,
      wanted: `from 0 to ${limitAfter(attempt)} ms`,
      costs: "a guest waits for an hour, or nobody waits at all and all collide again",
    }),
  });
});

describe("commands on one stream", () => {
  law(
    "serial",
    "in any interleaving end in the state of some serial order, and replay proves which",
    {
      given: [fc.scheduler(), commands],
      runs: 300,
      async holds(scheduler, envelopes) {
        const inner = inMemoryEventStore();

        const answers = await scheduler.waitFor(
          Promise.all(
            envelopes.map((envelope) => {
              const name = nameOf(envelope);
              const turn = (does: string) => turnIn(scheduler, `${name} ${does}`);
              const store = interveningStore(inner, {
                beforeRead: () => turn("loads"),
                beforeAppend: () => turn("appends"),
              });
              const options = { maxAttempts: envelopes.length, wait: () => turn("has waited") };
              const handled = store.untilTired(handleCommand(store, envelope, options));
              return answerOf(name, envelope, handled);
            }),
          ),
        );

        const history = await storedIn(inner);
        for (const answer of answers) expectExplainedBy(history, answer);
        const decided = answers.flatMap((answer) => answer.result?.events ?? []);
        expect(history.map(told).sort(), "the stream, against the events in the answers").toEqual(
          decided.map(told).sort(),
        );
      },
      story: (scheduler, envelopes) => ({
        given: ["a store in memory, and commands that arrive at once:", ...envelopes.map(lineOf)],
        when: orderIn(scheduler),
        wanted: [
          "each answer is what its command decides at some place in the stream,",
          "and the stream has what was answered, and nothing else",
        ],
        costs: "two guests are told that it is done, and one of them was never heard",
      }),
    },
  );

  law(
    "deliveries",
    "delivered any number of times, with answers lost, have the effect of one delivery",
    {
      given: [
        fc.scheduler(),
        commands.chain((envelopes) =>
          fc.shuffledSubarray([...envelopes, ...envelopes, ...envelopes], { minLength: 2 }),
        ),
        fc.uniqueArray(fc.integer({ min: 1, max: 8 })),
      ],
      runs: 200,
      async holds(scheduler, deliveries, lostAnswers) {
        const inner = inMemoryEventStore();
        let stored = 0;

        const answers = await scheduler.waitFor(
          Promise.all(
            deliveries.map((envelope, index) => {
              const name = deliveryName(deliveries, index);
              const turn = (does: string) => turnIn(scheduler, `${name} ${does}`);
              const store = interveningStore(inner, {
                beforeRead: () => turn("loads"),
                beforeAppend: () => turn("appends"),
                async afterAppend() {
                  stored += 1;
                  if (!lostAnswers.includes(stored)) return turn("hears that it is stored");
                  await turn("loses the answer");
                  throw new AnswerLost();
                },
              });
              const options = {
                maxAttempts: deliveries.length + 1,
                wait: () => turn("has waited"),
              };
              const send = () => handleCommand(store, envelope, options);
              return answerOf(name, envelope, store.untilTired(untilAnswered(send)));
            }),
          ),
        );

        const history = await storedIn(inner);
        for (const answer of answers) expectExplainedBy(history, answer);
        for (const envelope of deliveries) expectDecidedOnce(history, envelope);
      },
      story: (scheduler, deliveries) => ({
        given: [
          "a store in memory, and deliveries that arrive at once:",
          ...new Set(deliveries.map(lineOf)),
        ],
        when: orderIn(scheduler),
        wanted:
          "each command is decided once, at one place in the stream, and that is the answer to " +
          "each of its deliveries",
        costs: "the phone that heard nothing sends it again, and the guest pays twice",
      }),
    },
  );
});

function limitAfter(attempt: number): number {
  return Math.min(longestDelay, firstDelay * 2 ** (attempt - 1));
}

/** A, B, C ... in the order of the commands' ids. */
function nameOf({ id }: CommandEnvelope): string {
  return "ABCDEF".charAt(Number(id.at(-1)));
}

/** B1 for the first delivery of B in the list, B2 for the second. */
function deliveryName(deliveries: readonly CommandEnvelope[], index: number): string {
  const upTo = deliveries.slice(0, index + 1);
  const envelope = upTo.at(-1);
  if (!envelope) throw new RangeError(`There is no delivery ${index}.`);
  return `${nameOf(envelope)}${upTo.filter(({ id }) => id === envelope.id).length}`;
}

/** `B  ConfirmReservation` */
function lineOf(envelope: CommandEnvelope): string {
  return `${nameOf(envelope)}  ${commandInWords(envelope.command)}`;
}

/** Waits until the scheduler chooses this step out of all that wait. */
function turnIn(scheduler: fc.Scheduler, step: string): Promise<void> {
  return scheduler.schedule(Promise.resolve(), step);
}

/** `A loads, B loads, A appends ...`: the steps in the order in which they were taken. */
function orderIn(scheduler: fc.Scheduler): string {
  const steps = scheduler.report().filter(({ status }) => status === "resolved");
  const told = steps.slice(0, 60).map(({ label }) => label);
  return [...told, ...(steps.length > told.length ? ["and so on"] : [])].join(", ");
}

class AnswerLost extends Error {
  override readonly name = "AnswerLost";
}

interface Answer {
  readonly name: string;
  readonly envelope: CommandEnvelope;
  readonly result?: CommandResult;
  readonly refused?: DomainError;
}

async function answerOf(
  name: string,
  envelope: CommandEnvelope,
  handled: Promise<CommandResult>,
): Promise<Answer> {
  try {
    return { name, envelope, result: await handled };
  } catch (error) {
    if (error instanceof DomainError) return { name, envelope, refused: error };
    throw error;
  }
}

/** As a client does that heard nothing: sends the same command again. */
async function untilAnswered(send: () => Promise<CommandResult>): Promise<CommandResult> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
    }
  }
}

/** There is a point in the history at which deciding gives just this answer. */
function expectExplainedBy(
  history: readonly EventEnvelope<ReservationEvent>[],
  { name, envelope: { command }, result, refused }: Answer,
): void {
  if (result) {
    const before = result.version - result.events.length;
    const decided = decidedAt(history, before, command);
    const answer = `${name} was answered with version ${result.version}`;
    expect(factsOf(result.events), `${answer}: its events, against deciding at v${before}`).toEqual(
      decided,
    );
    const stored = history.slice(before, result.version).map(told);
    expect(result.events.map(told), `${answer}: its events, against those stored there`).toEqual(
      stored,
    );
  } else {
    const everywhere = [...history.keys(), history.length].map((version) =>
      decidedAt(history, version, command),
    );
    expect(everywhere, `${name} was refused: what it decides at v0, v1 ...`).toContain(
      refused?.code,
    );
  }
}

/** All events of the command stand together, as one decision made where they stand. */
function expectDecidedOnce(
  history: readonly EventEnvelope<ReservationEvent>[],
  envelope: CommandEnvelope,
): void {
  const events = history.filter((event) => event.metadata.commandId === envelope.id);
  const first = events[0];
  if (!first) return;
  const decided = decidedAt(history, first.version - 1, envelope.command);
  const stored = `all events of ${nameOf(envelope)} in the stream`;
  expect(factsOf(events), `${stored}, against deciding once at v${first.version - 1}`).toEqual(
    decided,
  );
}

/** What the command decides after so many events, or the code of the refusal. */
function decidedAt(
  history: readonly EventEnvelope<ReservationEvent>[],
  version: number,
  command: ReservationCommand,
): readonly ReservationEvent[] | string {
  try {
    return decide(command, stateAfter(history.slice(0, version)));
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

function factsOf(events: readonly ReservationEvent[]): unknown[] {
  return events.map(({ type, data }) => ({ type, data }));
}

/** The event in words, with its id. */
function told(event: NewEvent<ReservationEvent>): string {
  return `${eventInWords(event)} (${event.id})`;
}
