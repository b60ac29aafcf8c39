/** Follows one command's event from the handler to the read model, and prints each hop with its time. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ReservationCommand } from "../01-aggregate/reservation-types.ts";
import { horizonLag } from "../06-publishing/horizon.ts";
import { routingKey, type Topology } from "../06-publishing/topology.ts";
import { waitForVersion } from "../08-projections/read-your-writes.ts";
import { findReservation, type ReservationRow } from "../08-projections/reservations-view.ts";
import type { ReservationSystem } from "./composition.ts";
import { described, failedRow, row } from "./screen.ts";
import { within } from "./time-limit.ts";
import type { Trace } from "./trace.ts";

/** How long one hop may take, in milliseconds. It takes about 5. */
const limit = 10_000;
/** After this time without a confirm, the demo looks for what holds the relay back. */
const patience = 250;

/** One hop of the way did not happen: the message says which, `why` what is known about it. */
export class HopFailed extends Error {
  override readonly name = "HopFailed";
  readonly hop: string;
  readonly why: string;

  constructor(command: string, hop: string, cause: unknown) {
    super(`${command} came to a stop at this hop: ${hop}.`, { cause });
    this.hop = hop;
    this.why = cause instanceof Error ? cause.message : String(cause);
  }
}

/**
 * Sends the command and waits until its event is everywhere. Times count from the sending.
 * @throws HopFailed
 */
export async function follow(
  system: ReservationSystem,
  topology: Topology,
  trace: Trace,
  command: ReservationCommand,
): Promise<void> {
  const begin = performance.now();
  const since = (at: number): number => at - begin;
  const hop = async <T>(name: string, arrival: Promise<T>): Promise<T> => {
    try {
      return await within(limit, "Not done", arrival);
    } catch (error) {
      const failed = new HopFailed(command.type, name, error);
      failedRow(name, failed.why);
      throw failed;
    }
  };

  row("command", command.type, 0);
  const result = await hop("event store", system.handle({ id: randomUUID(), command }));
  const stored = performance.now();
  const { streamId, version, position } = result;
  const type = result.events.map((event) => event.type).join(", ");
  row("decided", type, since(trace.lastDecision()));
  row("event store", `${streamId} at version ${version}, position ${position}`, since(stored));

  // The broker's confirm and its delivery cross on their ways: nothing here waits for the other.
  const visible = visibleAt(system, streamId, version);
  visible.catch(() => undefined); // It is awaited below, unless a hop before it fails.
  const publishing = trace.passing("published", streamId, version);
  if (!(await isDone(publishing, patience))) await explainDelay(system);
  const published = await hop("RabbitMQ", publishing);
  const key = routingKey({ streamId, type }, topology.partitions);
  row("RabbitMQ", `${key}, confirmed`, since(published));
  const projected = await hop("projection", trace.passing("projected", streamId, version));
  row("projection", `version ${version}, in one transaction`, since(projected));
  const { found, at } = await hop("read model", visible);
  row("read model", found ? described(found) : "no such reservation", since(at));
}

/** As a client does that wants to see its own change. */
async function visibleAt(
  { readModel }: ReservationSystem,
  streamId: string,
  version: number,
): Promise<{ readonly found: ReservationRow | undefined; readonly at: number }> {
  await waitForVersion(readModel, streamId, version, { timeout: limit });
  const found = await findReservation(readModel, streamId);
  return { found, at: performance.now() };
}

/** The relay reads in commit order: an older transaction anywhere on the server comes first (06). */
async function explainDelay({ readModel }: ReservationSystem): Promise<void> {
  const { waitingEvents, heldBackBy } = await horizonLag(readModel);
  if (waitingEvents === 0 || !heldBackBy) return;
  const { database, ageInSeconds } = heldBackBy;
  row("", `waits for a transaction in ${database}, open for ${ageInSeconds.toFixed(1)} s`);
}

async function isDone(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return Promise.race([promise.then(() => true), delay(milliseconds, false)]);
}
