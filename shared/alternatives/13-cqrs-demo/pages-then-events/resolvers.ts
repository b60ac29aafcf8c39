/**
 * The answers of the API. A resolver is thin: it translates, and asks the side that knows. Queries ask
 * the read model, mutations send commands, subscriptions read the store on.
 */

import { refuse } from "../../../../shared/api/refusal.ts";
import { ConcurrencyConflict } from "../../../../shared/kernel/errors.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import type {
  Checkpoint,
  CommittedEvent,
} from "../../../../solutions/06-publishing/commit-order.ts";
import { waitForWork } from "../../../../solutions/06-publishing/wake-up.ts";
import {
  ReadModelBehind,
  waitForVersion,
} from "../../../../solutions/08-projections/read-your-writes.ts";
import {
  findReservation,
  type ListOptions,
  listReservations,
  type ReservationRow,
} from "../../../../solutions/08-projections/reservations-view.ts";
import {
  accepted,
  type CommandAccepted,
  type CommandAnswer,
  conflict,
  type Ids,
  refusalOf,
} from "../../../../solutions/13-cqrs-demo/answers.ts";
import type { ReservationSystem } from "../../../../solutions/13-cqrs-demo/composition.ts";
import { fromPageCursor, toPageCursor } from "../../../../solutions/13-cqrs-demo/cursors.ts";
import type { Live } from "../../../../solutions/13-cqrs-demo/live.ts";
import type { Outcome } from "../../../../solutions/13-cqrs-demo/other-commands.ts";

/** No page is longer, whoever asks. */
export const longestPage = 100;
/** Milliseconds between two looks when nothing rings; the bell has polling of its own behind it. */
const patience = 60_000;

export interface Page {
  readonly nodes: readonly ReservationRow[];
  readonly next: string | null;
}

/**
 * A page of the read model.
 * @throws GraphQLError PAGE_TOO_LARGE unless `first` is 1 to 100
 */
export async function reservationPage(
  readModel: Queryable,
  filter: Pick<ListOptions, "hotelId" | "guestId" | "status">,
  { first, after }: { readonly first: number; readonly after?: string | null },
): Promise<Page> {
  requirePage(first);
  const from = typeof after === "string" ? { after: fromPageCursor(after) } : {};
  const { reservations, next } = await listReservations(readModel, {
    ...filter,
    ...from,
    limit: first,
  });
  return { nodes: reservations, next: next ? toPageCursor(next) : null };
}

/** @throws GraphQLError PAGE_TOO_LARGE */
export function requirePage(first: number): void {
  if (first >= 1 && first <= longestPage) return;
  throw refuse("PAGE_TOO_LARGE", `A page has 1 to ${longestPage} entries, not ${first}.`);
}

/**
 * Sends a command and says what came of it. What the client can do something about is an answer;
 * everything else is a fault of ours, and thrown: the API masks it.
 */
export async function answerTo(ids: Ids, send: () => Promise<Outcome>): Promise<CommandAnswer> {
  try {
    return accepted(ids, await send());
  } catch (error) {
    for (const answerOf of answers) {
      const answer = answerOf(error);
      if (answer) return answer;
    }
    throw error;
  }
}

/** What clients are told of an error, by who knows it; nothing where it is a fault of ours. */
const answers: readonly ((error: unknown) => CommandAnswer | undefined)[] = [
  (error) => (error instanceof ConcurrencyConflict ? conflict(error) : undefined),
  refusalOf,
];

/** The answer with the read model's row in it, once the row has this command's version; or with how far it is. */
export async function withReservation(
  readModel: ReservationSystem["readModel"],
  answer: CommandAccepted,
  timeout = 2_000,
): Promise<CommandAccepted> {
  const { streamId, version } = answer;
  try {
    await waitForVersion(readModel, streamId, version, { timeout });
    return { ...answer, reservation: await findReservation(readModel, streamId) };
  } catch (error) {
    if (!(error instanceof ReadModelBehind)) throw error;
    const { wanted, reached } = error;
    return { ...answer, readModelBehind: { wanted, reached } };
  }
}

/**
 * All events after a place, and then those that come, until the signal ends: none missing, none twice.
 * There is one source, the store; the bell says no more than that it is worth looking.
 */
export async function* eventsAfter(
  live: Pick<Live, "readAfter" | "storedBell">,
  place: Checkpoint,
  signal: AbortSignal,
): AsyncGenerator<CommittedEvent> {
  for await (const page of pagesAfter(live, place, signal)) yield* page;
}

/** What is there and what comes, as it is read: pages that are never empty. */
async function* pagesAfter(
  { readAfter, storedBell }: Pick<Live, "readAfter" | "storedBell">,
  place: Checkpoint,
  signal: AbortSignal,
): AsyncGenerator<readonly CommittedEvent[]> {
  const bell = storedBell(signal);
  let last = place;
  while (!signal.aborted) {
    const page = await readAfter(last);
    const end = page.at(-1);
    if (end === undefined) {
      await waitForWork(bell, patience);
      continue;
    }
    yield page;
    last = end.checkpoint;
  }
}
