/**
 * Spans for what the system does, made by looking on. The request is the trace, each stored event a span
 * below the command or the event that led to it: `metadata` has had all of that since step 05. Given.
 */

import type { Tracing } from "../../shared/api/tracing.ts";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type { Watch } from "./watch.ts";

/** To be given to the composition and to the API. */
export function tracingWatch(tracing: Tracing): Watch {
  const begun = new Map<string, number>();
  const begin = (place: string, { id }: EventEnvelope): void => {
    begun.set(`${place} ${id}`, now());
  };
  const end = (place: string, name: string, event: EventEnvelope): void => {
    const from = begun.get(`${place} ${event.id}`) ?? now();
    begun.delete(`${place} ${event.id}`);
    const { correlationId = event.id } = event.metadata;
    tracing.record({ name, correlationId, causedBy: event.id, from, to: now() });
  };
  return {
    onAnswered: ({ commandId, correlationId, name, milliseconds }) => {
      const to = now();
      tracing.record({ name, correlationId, id: commandId, from: to - milliseconds, to });
    },
    onStored: (streamId, events, milliseconds) => {
      const to = now();
      for (const event of events) {
        tracing.record({ ...spanOf(event, streamId), from: to - milliseconds, to });
      }
    },
    onPublished: (event) => {
      begin("publish", event);
      end("publish", "published", event);
    },
    beforeProjected: async (event) => begin("project", event),
    onProjected: (event) => end("project", "projected", event),
    beforeHeard: async (event) => begin("hear", event),
    onHeard: (event) => end("hear", "heard", event),
  };
}

function spanOf(event: NewEvent, streamId: string) {
  const { correlationId = event.id, causationId, commandCausationId } = event.metadata;
  // A command that an event led to has no span of its own: the event is the parent.
  const cause = typeof commandCausationId === "string" ? commandCausationId : causationId;
  return {
    name: `${event.type} · ${streamId}`,
    correlationId,
    id: event.id,
    ...(cause === undefined ? {} : { causedBy: cause }),
    attributes: { stream: streamId, type: event.type },
  };
}

/** Milliseconds since 1970, and finer than Date.now(). */
function now(): number {
  return performance.timeOrigin + performance.now();
}
