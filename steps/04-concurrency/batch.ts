import type { NewEvent } from "../../shared/kernel/event.ts";

/** The batch as one parameter: a JSON array of objects with the names of the table's columns. */
export function batchAsJson(events: readonly NewEvent[]): string {
  return JSON.stringify(
    events.map(({ id, type, schemaVersion, data, metadata }) => ({
      event_id: id,
      type,
      schema_version: schemaVersion,
      data,
      metadata,
    })),
  );
}
