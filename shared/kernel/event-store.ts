/** What an event store offers. The one in memory and the one on PostgreSQL pass the same tests. */

import type { EventEnvelope, NewEvent } from "./event.ts";

/**
 * What the writer believes about the stream: the version that it has read (0 is a stream without
 * events), or only that there is no stream, that there is one, or nothing at all.
 */
export type ExpectedVersion = number | "no-stream" | "stream-exists" | "any";

export interface AppendResult {
  readonly streamId: string;
  /** The version of the last event of this append. */
  readonly version: number;
  /** The position of the last event of this append. */
  readonly position: bigint;
  /** True when the same events were stored by an earlier append, and this one wrote nothing. */
  readonly repeated: boolean;
}

export interface ReadStreamOptions {
  /** The first version to read, inclusive; 1 when left out. */
  readonly fromVersion?: number;
  /** How many events one query fetches; 1,024 when left out. */
  readonly pageSize?: number;
}

export interface ReadAllOptions {
  /** Read what comes after this position; from the start when left out. */
  readonly after?: bigint;
  readonly pageSize?: number;
}

export interface EventStore {
  /**
   * Appends the batch as a whole, or nothing.
   * @throws ConcurrencyConflict when the stream is not where `expectedVersion` says
   * @throws InvalidEvent, InvalidStreamId, InvalidVersion, DuplicateEvent
   */
  append(
    streamId: string,
    events: readonly NewEvent[],
    expectedVersion: ExpectedVersion,
  ): Promise<AppendResult>;
  /** The events of one stream in the order of their versions, fetched page by page as they are consumed. */
  readStream(streamId: string, options?: ReadStreamOptions): AsyncIterable<EventEnvelope>;
  /** The events of all streams in the order of their positions. */
  readAll(options?: ReadAllOptions): AsyncIterable<EventEnvelope>;
}
