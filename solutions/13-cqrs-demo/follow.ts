/** Follows one command's event from the handler to the read model, and prints each hop with its time. */

import { randomUUID } from "node:crypto";
import type { ReservationCommand } from "../01-aggregate/reservation-types.ts";
import { routingKey, type Topology } from "../06-publishing/topology.ts";
import { waitForVersion } from "../08-projections/read-your-writes.ts";
import { findReservation, type ReservationRow } from "../08-projections/reservations-view.ts";
import type { ReservationSystem } from "./composition.ts";
import { described, failedRow, row } from "./screen.ts";
import { within } from "./time-limit.ts";
import type { Trace } from "./trace.ts";

/** How long one hop may take, in milliseconds. It takes about 5. */
const limit = 5_000;

/** One hop of the way did not happen: the message says which, `why` what is known about it. */
export class HopFailed extends Error {
  override readonly name = "HopFailed";
  readonly why: string;

  constructor(command: string, hop: string, cause: unknown) {
    super(`${command} did not get past this hop: ${hop}.`, { cause });
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
      return await within(limit, name, arrival);
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
  const published = await hop("RabbitMQ", trace.passing("published", streamId, version));
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
