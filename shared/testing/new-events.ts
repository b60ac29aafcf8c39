/** Builds events for tests: what a command handler and an event store would add. */

import { randomUUID } from "node:crypto";
import type { DomainEvent, EventEnvelope, NewEvent } from "../kernel/event.ts";

/** The event with an id (random when none is given), schema version 1 and no metadata. */
export function newEvent<Event extends DomainEvent>(
  event: Event,
  overrides: Partial<Pick<NewEvent, "id" | "schemaVersion" | "metadata">> = {},
): NewEvent<Event> {
  return { ...event, id: randomUUID(), schemaVersion: 1, metadata: {}, ...overrides };
}

/** When `recorded` says its events were recorded: the first at noon, each a second later. */
const noon = Date.parse("2030-01-01T12:00:00.000Z");

/** The events as a stream's history, with versions and positions from 1. */
export function recorded<Event extends DomainEvent>(
  streamId: string,
  events: readonly (Event | NewEvent<Event>)[],
): EventEnvelope<Event>[] {
  return events.map((event, index) => ({
    ...newEvent(event),
    ...event,
    streamId,
    version: index + 1,
    position: BigInt(index + 1),
    recordedAt: new Date(noon + index * 1000).toISOString(),
  }));
}
