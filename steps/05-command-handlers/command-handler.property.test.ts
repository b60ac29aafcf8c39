import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { storedIn } from "../../shared/testing/command-handling.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { reservationCommands, stateAfter } from "../../shared/testing/reservations.ts";
import { decide } from "../../solutions/01-aggregate/reservation.ts";
import type {
  Reservation,
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
  it("is never less than nothing, nor more than its limit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, part) => {
          const delay = backoffDelay(attempt, () => part);
          const limit = Math.min(longestDelay, firstDelay * 2 ** (attempt - 1));
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(limit);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe("commands on one stream", () => {
  it("in any interleaving end in the state of some serial order, and replay proves which", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), commands, async (scheduler, envelopes) => {
        const inner = inMemoryEventStore();
        const pause = () => scheduler.schedule(Promise.resolve());
        const store = interveningStore(inner, { beforeRead: pause, beforeAppend: pause });
        const options = { maxAttempts: envelopes.length, wait: pause };

        const answers = await scheduler.waitFor(
          Promise.all(
            envelopes.map((envelope) =>
              answerOf(envelope, handleCommand(store, envelope, options)),
            ),
          ),
        );

        const history = await storedIn(inner);
        for (const answer of answers) expectExplainedBy(history, answer);
        const decided = answers.flatMap((answer) => answer.result?.events ?? []);
        expect(history.map(idOf).sort()).toEqual(decided.map(idOf).sort());
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("delivered any number of times, with answers lost, have the effect of one delivery", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        commands.chain((envelopes) =>
          fc.shuffledSubarray([...envelopes, ...envelopes, ...envelopes], { minLength: 2 }),
        ),
        fc.uniqueArray(fc.integer({ min: 1, max: 8 })),
        async (scheduler, deliveries, lostAnswers) => {
          const inner = inMemoryEventStore();
          const pause = () => scheduler.schedule(Promise.resolve());
          const store = interveningStore(inner, {
            beforeRead: pause,
            beforeAppend: pause,
            afterAppend: (nth) =>
              lostAnswers.includes(nth) ? Promise.reject(new AnswerLost()) : pause(),
          });
          const options = { maxAttempts: deliveries.length + 1, wait: pause };

          const answers = await scheduler.waitFor(
            Promise.all(
              deliveries.map((envelope) =>
                answerOf(
                  envelope,
                  untilAnswered(() => handleCommand(store, envelope, options)),
                ),
              ),
            ),
          );

          const history = await storedIn(inner);
          for (const answer of answers) expectExplainedBy(history, answer);
          for (const envelope of deliveries) expectDecidedOnce(history, envelope);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});

class AnswerLost extends Error {
  override readonly name = "AnswerLost";
}

interface Answer {
  readonly envelope: CommandEnvelope;
  readonly result?: CommandResult;
  readonly refused?: DomainError;
}

async function answerOf(
  envelope: CommandEnvelope,
  handled: Promise<CommandResult>,
): Promise<Answer> {
  try {
    return { envelope, result: await handled };
  } catch (error) {
    if (error instanceof DomainError) return { envelope, refused: error };
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
  { envelope, result, refused }: Answer,
): void {
  if (result) {
    const before = result.version - result.events.length;
    expect(factsOf(result.events)).toEqual(decide(envelope.command, stateAt(history, before)));
    expect(result.events.map(idOf)).toEqual(history.slice(before, result.version).map(idOf));
  } else {
    const codes = [...history.keys(), history.length].map((version) =>
      refusalOf(envelope.command, stateAt(history, version)),
    );
    expect(codes).toContain(refused?.code);
  }
}

/** All events of the command stand together, as one decision made where they stand. */
function expectDecidedOnce(
  history: readonly EventEnvelope<ReservationEvent>[],
  { id, command }: CommandEnvelope,
): void {
  const events = history.filter((event) => event.metadata.commandId === id);
  const first = events[0];
  if (!first) return;
  expect(factsOf(events)).toEqual(decide(command, stateAt(history, first.version - 1)));
}

function stateAt(
  history: readonly EventEnvelope<ReservationEvent>[],
  version: number,
): Reservation {
  return stateAfter(history.slice(0, version));
}

function refusalOf(command: ReservationCommand, state: Reservation): string | undefined {
  try {
    decide(command, state);
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.code : undefined;
  }
}

function factsOf(events: readonly ReservationEvent[]): unknown[] {
  return events.map(({ type, data }) => ({ type, data }));
}

function idOf(event: { readonly id: string }): string {
  return event.id;
}
