/** From the event as it was stored to the event, or the events, that today's code knows. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { ReservationEvent } from "../01-aggregate/reservation-types.ts";
import type { OldEvent, TodaysEvent } from "./releases.ts";
import { type Upcasters, upcasters } from "./upcasters.ts";

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
  // TODO: an event of today (isOfToday) is itself. Any other goes through its link (linkOf), and
  // what comes out may be old still. Where there is no link: UnknownEventType (newestVersionOf
  // throws it) or UnknownSchemaVersion. Never change `stored`, nor what the store says about it.
  throw new NotImplemented("upcastAlong");
}

type Link = (stored: EventEnvelope) => readonly (OldEvent | TodaysEvent)[];

/** The link that leads away from this shape; undefined where there is none. */
export function linkOf(chain: Upcasters, type: string, schemaVersion: number): Link | undefined {
  const links: Readonly<Record<string, unknown>> = chain;
  // Whatever stands under this name takes events of this shape: `Upcasters` says so.
  return links[`${type} ${schemaVersion}`] as Link | undefined;
}
