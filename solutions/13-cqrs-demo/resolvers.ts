/**
 * The answers of the API. A resolver is thin: it translates, and asks the side that knows. Queries ask
 * the read model, mutations send commands, subscriptions read the store on.
 */

import { refuse } from "../../shared/api/refusal.ts";
import { ConcurrencyConflict } from "../../shared/kernel/errors.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import type { Checkpoint, CommittedEvent } from "../06-publishing/commit-order.ts";
import { waitForWork } from "../06-publishing/wake-up.ts";
import { ReadModelBehind, waitForVersion } from "../08-projections/read-your-writes.ts";
import {
  findReservation,
  type ListOptions,
  listReservations,
  type ReservationRow,
} from "../08-projections/reservations-view.ts";
import {
  accepted,
  type CommandAccepted,
  type CommandAnswer,
  conflict,
  type Ids,
  refusalOf,
} from "./answers.ts";
import type { ReservationSystem } from "./composition.ts";
import { fromPageCursor, toPageCursor } from "./cursors.ts";
import type { Live } from "./live.ts";
import type { Outcome } from "./other-commands.ts";

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
  // BEGIN SOLUTION: refuse a `first` that is not 1 to longestPage (requirePage, below). Then listReservations, of
  // ../08-projections/reservations-view.ts, with the filter and this limit, and from the cursor on where
  // there is one (fromPageCursor of ./cursors.ts; it refuses what is none, an empty text as well). `next` is
  // toPageCursor of the place where listReservations says that the next page begins, or null.
  requirePage(first);
  const from = typeof after === "string" ? { after: fromPageCursor(after) } : {};
  const { reservations, next } = await listReservations(readModel, {
    ...filter,
    ...from,
    limit: first,
  });
  return { nodes: reservations, next: next ? toPageCursor(next) : null };
  // END SOLUTION
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
  // BEGIN SOLUTION: send it, and it is `accepted` (of ./answers.ts, as are the next two). A ConcurrencyConflict is a
  // `conflict`; what refusalOf knows is that refusal. Every other error goes on as it is: it is not for
  // clients, also where it has a `code`, as those of the database and of the network have.
  try {
    return accepted(ids, await send());
  } catch (error) {
    if (error instanceof ConcurrencyConflict) return conflict(error);
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
  // END SOLUTION
}

/** The answer with the read model's row in it, once the row has this command's version; or with how far it is. */
export async function withReservation(
  readModel: ReservationSystem["readModel"],
  answer: CommandAccepted,
  timeout = 2_000,
): Promise<CommandAccepted> {
  const { streamId, version } = answer;
  // BEGIN SOLUTION: waitForVersion (of ../08-projections/read-your-writes.ts) of this stream and version, no longer
  // than `timeout`; then findReservation (of ../08-projections/reservations-view.ts): the answer with
  // `reservation` in it. When the read model is not there in time (ReadModelBehind), the answer with
  // `readModelBehind: { wanted, reached }`: the write is safe. Any other error goes on.
  try {
    await waitForVersion(readModel, streamId, version, { timeout });
    return { ...answer, reservation: await findReservation(readModel, streamId) };
  } catch (error) {
    if (!(error instanceof ReadModelBehind)) throw error;
    const { wanted, reached } = error;
    return { ...answer, readModelBehind: { wanted, reached } };
  }
  // END SOLUTION
}

/**
 * All events after a place, and then those that come, until the signal ends: none missing, none twice.
 * There is one source, the store; the bell says no more than that it is worth looking.
 */
export async function* eventsAfter(
  { readAfter, storedBell }: Pick<Live, "readAfter" | "storedBell">,
  place: Checkpoint,
  signal: AbortSignal,
): AsyncGenerator<CommittedEvent> {
  // BEGIN SOLUTION: take the bell first (storedBell), one for the whole subscription: what rings while you read is
  // heard afterwards. Then, until the signal is aborted: readAfter the place where you are; yield each event, and be
  // behind it (its checkpoint); where there was none, and only there, waitForWork at the bell (of
  // ../06-publishing/wake-up.ts), `patience` at the most. A read that fails ends the
  // subscription with its error: the client comes back with its last cursor.
  const bell = storedBell(signal);
  let last = place;
  while (!signal.aborted) {
    const page = await readAfter(last);
    for (const committed of page) {
      yield committed;
      last = committed.checkpoint;
    }
    if (page.length === 0) await waitForWork(bell, patience);
  }
  // END SOLUTION
}
