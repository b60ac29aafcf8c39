/**
 * Catching up with the store at a start, in a system that runs for years under load. Given.
 *
 * `catchUp` (08) reads the store from its beginning to its end. That takes longer
 * with every event, and there is no end where events come in faster than they are caught up with. Here a
 * checkpoint says how far an earlier start has come, and the end is where the store ended at the beginning:
 * what is stored later comes over the bus.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { loadCheckpoint } from "../06-publishing/checkpoint.ts";
import { type Checkpoint, readAllCommitted } from "../06-publishing/commit-order.ts";

/** Short: what another process has caught up with meanwhile is passed over from page to page. */
const pageSize = 100;

/**
 * Hands all committed events to `handle`, a page at a time, from where the last catch-up of this name came to.
 * Call it when the queues are bound: no relay has published then what this does not read.
 * @throws what `signal` is aborted with; the pages before are done with for good
 */
export async function catchUpFrom(
  pool: Pool,
  name: string,
  signal: AbortSignal,
  handle: (events: readonly EventEnvelope[]) => Promise<void>,
): Promise<void> {
  const checkpoint = `caught up: ${name}`;
  const end = await endOfCommitted(pool);
  let from = await loadCheckpoint(pool, checkpoint);
  while (isBefore(from, end)) {
    signal.throwIfAborted();
    const page = await readAllCommitted(pool, { after: from, limit: pageSize });
    const last = page.at(-1);
    if (!last) return;
    await handle(page.map(({ event }) => event));
    from = last.checkpoint;
    // Several may catch up side by side: the one that is behind must not take the mark back.
    await pool.query(
      `update relay_checkpoints set transaction_id = $2, position = $3
        where relay = $1 and (transaction_id, position) < ($2::xid8, $3::bigint)`,
      [checkpoint, from.transactionId, from.position],
    );
  }
}

/** Runs beside the consuming. */
export interface CatchingUp {
  /** To be called when the queues are bound, each time: what was lost with a queue is caught up with, too. */
  begin(): void;
  /** Ends it after the event in hand. */
  stop(): Promise<void>;
}

/**
 * Consuming does not wait for it: projection and bookings know duplicates, and the first fetches what is
 * missing before an event. If it waited, queues would grow meanwhile, with them what a start has to catch
 * up with, and a process that is killed now and then would never come to consume.
 */
export function catchUpBeside(
  catchUp: (signal: AbortSignal) => Promise<void>,
  onTrouble: (error: unknown) => void,
): CatchingUp {
  const stopping = new AbortController();
  const { signal } = stopping;
  let isWanted = false;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (isWanted && !signal.aborted) {
      isWanted = false;
      try {
        await catchUp(signal);
      } catch (error) {
        if (signal.aborted) return;
        onTrouble(error);
        isWanted = true;
        await delay(500, undefined, { signal }).catch(() => undefined);
      }
    }
  };
  const begin = (): void => {
    isWanted = true;
    running ??= run().finally(() => {
      running = undefined;
      // Asked for in the moment in which the last one ended.
      if (isWanted && !signal.aborted) begin();
    });
  };
  return {
    begin,
    async stop() {
      stopping.abort(new Error("Catching up was stopped."));
      await running;
    },
  };
}

/** The last event that a relay may have published by now. */
async function endOfCommitted(pool: Pool): Promise<Checkpoint> {
  const { rows } = await pool.query<{ transaction_id: string; position: string }>(
    `select transaction_id, position from events
      where transaction_id < pg_snapshot_xmin(pg_current_snapshot())
      order by transaction_id desc, position desc
      limit 1`,
  );
  const { transaction_id = "0", position = "0" } = rows[0] ?? {};
  return { transactionId: BigInt(transaction_id), position: BigInt(position) };
}

function isBefore(one: Checkpoint, other: Checkpoint): boolean {
  if (one.transactionId !== other.transactionId) return one.transactionId < other.transactionId;
  return one.position < other.position;
}
