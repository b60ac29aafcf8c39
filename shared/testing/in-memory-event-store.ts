/** An event store in memory: the model that the one on PostgreSQL is compared with. */

import {
  assertPageSize,
  assertStorable,
  assertStreamId,
  assertVersion,
} from "../../solutions/03-event-store/storable.ts";
import { ConcurrencyConflict, DuplicateEvent, InvalidEvent } from "../kernel/errors.ts";
import type { EventEnvelope, NewEvent } from "../kernel/event.ts";
import type { AppendResult, EventStore, ExpectedVersion } from "../kernel/event-store.ts";

export function inMemoryEventStore(
  clock: () => string = () => new Date().toISOString(),
): EventStore {
  const log: EventEnvelope[] = [];

  function append(
    streamId: string,
    events: readonly NewEvent[],
    expected: ExpectedVersion,
  ): AppendResult {
    assertStreamId(streamId);
    if (typeof expected === "number") assertVersion(expected);
    if (events.length === 0) throw new InvalidEvent("events", "is an empty batch");
    events.forEach(assertStorable);

    const earlier = earlierAppend(log, streamId, events);
    if (earlier) return earlier;
    const actual = log.filter((event) => event.streamId === streamId).length;
    if (!isAsExpected(actual, expected)) throw new ConcurrencyConflict(streamId, expected, actual);

    const recordedAt = clock();
    events.forEach((event, index) => {
      const { id, type, schemaVersion, data, metadata } = structuredClone(event);
      const version = actual + index + 1;
      const position = BigInt(log.length + 1);
      log.push({
        id,
        streamId,
        version,
        position,
        type,
        schemaVersion,
        data,
        metadata,
        recordedAt,
      });
    });
    const position = BigInt(log.length);
    return { streamId, version: actual + events.length, position, repeated: false };
  }

  return {
    append: async (streamId, events, expected) => append(streamId, events, expected),
    async *readStream(streamId, { fromVersion = 1, pageSize = 1 } = {}) {
      assertStreamId(streamId);
      assertVersion(fromVersion);
      assertPageSize(pageSize);
      for (const event of log) {
        if (event.streamId === streamId && event.version >= fromVersion) {
          yield structuredClone(event);
        }
      }
    },
    async *readAll({ after = 0n, pageSize = 1 } = {}) {
      assertPageSize(pageSize);
      for (const event of log) {
        if (event.position > after) yield structuredClone(event);
      }
    },
  };
}

function isAsExpected(actual: number, expected: ExpectedVersion): boolean {
  if (expected === "any") return true;
  if (expected === "stream-exists") return actual > 0;
  return actual === (expected === "no-stream" ? 0 : expected);
}

/** The result of the append that stored these very events; nothing when all of them are new. */
function earlierAppend(
  log: readonly EventEnvelope[],
  streamId: string,
  events: readonly NewEvent[],
): AppendResult | undefined {
  const ids = events.map((event) => event.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new DuplicateEvent(twice);
  const stored = log.filter((event) => ids.includes(event.id));
  const first = stored[0];
  const last = stored.at(-1);
  if (!first || !last) return undefined;
  const isRepeat = ids.every((id, index) => {
    const event = stored[index];
    return (
      event?.id === id && event.streamId === streamId && event.version === first.version + index
    );
  });
  if (!isRepeat) throw new DuplicateEvent(first.id);
  return { streamId, version: last.version, position: last.position, repeated: true };
}
