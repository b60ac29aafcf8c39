/** From the event as it was stored to the event, or the events, that today's code knows. */

import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import type { ReservationEvent } from "../../../../solutions/01-aggregate/reservation-types.ts";
import {
  isOfToday,
  newestVersionOf,
  type OldEvent,
  type TodaysEvent,
  UnknownSchemaVersion,
} from "../../../../solutions/11-versioning/releases.ts";
import { type Upcasters, upcasters } from "../../../../solutions/11-versioning/upcasters.ts";

/**
 * What the stored event says, in today's words. More than one event where it was split: all of them
 * have the id, version and position of the row, for there is no other row.
 * @throws UnknownEventType, UnknownSchemaVersion
 */
export function upcast(stored: EventEnvelope): readonly EventEnvelope<ReservationEvent>[] {
  return upcastAlong(upcasters, stored);
}

/** The same with other links, listed in any order. */
export function upcastAlong(
  chain: Upcasters,
  stored: EventEnvelope,
): readonly EventEnvelope<ReservationEvent>[] {
  const done: EventEnvelope<ReservationEvent>[] = [];
  const left: EventEnvelope[] = [stored];
  for (let event = left.shift(); event; event = left.shift()) {
    if (isOfToday(event)) {
      done.push(event);
      continue;
    }
    const { type, schemaVersion } = event;
    const newest = newestVersionOf(type);
    const link = linkOf(chain, type, schemaVersion);
    if (!link) throw new UnknownSchemaVersion(type, schemaVersion, newest);
    // In front of the others: what an event was split into stays where it stood.
    left.unshift(...link(event).map((next) => ({ ...stored, ...next })));
  }
  return done;
}

type Link = (stored: EventEnvelope) => readonly (OldEvent | TodaysEvent)[];

/** The link that leads away from this shape; undefined where there is none. */
export function linkOf(chain: Upcasters, type: string, schemaVersion: number): Link | undefined {
  const links: Readonly<Record<string, unknown>> = chain;
  // Whatever stands under this name takes events of this shape: `Upcasters` says so.
  return links[`${type} ${schemaVersion}`] as Link | undefined;
}
