/**
 * The shape of an event, the same in memory, in PostgreSQL and on the bus.
 *
 * A domain event is what `decide` returns: a type and its data. Before it is stored it gets an id
 * and metadata (`NewEvent`); the event store adds the rest (`EventEnvelope`).
 */

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A fact in the past tense, as the domain decided it. `data` must survive a trip through JSON. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/** What is known about an event beside its data. All values are ids. */
export interface EventMetadata {
  /** The same for everything that follows from one request. */
  readonly correlationId?: string;
  /** The id of the command or event that led to this one. */
  readonly causationId?: string;
  readonly [key: string]: JsonValue | undefined;
}

/** An event that is ready to be appended; `id` is a UUID that makes a repeated append recognisable. */
export type NewEvent<Event extends DomainEvent = DomainEvent> = Event & {
  readonly id: string;
  /** The version of the data's shape, 1 for the first (step 11). */
  readonly schemaVersion: number;
  readonly metadata: EventMetadata;
};

/** What the event store adds when it records an event. */
export interface Recorded {
  readonly streamId: string;
  /** 1, 2, 3 ... inside its stream, without gaps. */
  readonly version: number;
  /** The place in the whole store: rising, with gaps. */
  readonly position: bigint;
  /** ISO 8601 in UTC with milliseconds. */
  readonly recordedAt: string;
}

/** An event as it was recorded. */
export type EventEnvelope<Event extends DomainEvent = DomainEvent> = NewEvent<Event> & Recorded;
