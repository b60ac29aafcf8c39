/** Which function answers which field of schema.graphql: all of it, from top to bottom. Given. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { GraphQLSchema } from "graphql";
import { executableSchema, type Resolvers } from "../../shared/api/executable-schema.ts";
import { refuse } from "../../shared/api/refusal.ts";
import * as scalars from "../../shared/api/scalars.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { CreateReservation, Money, Stay } from "../01-aggregate/reservation-types.ts";
import type { CommittedEvent } from "../06-publishing/commit-order.ts";
import {
  findReservation,
  occupancy,
  type ReservationRow,
} from "../08-projections/reservations-view.ts";
import type { Rooms } from "../12-saga/hotel-types.ts";
import type { ApiContext } from "./api-context.ts";
import { type Comparison, compare } from "./comparison.ts";
import { toCheckpoint, toCursor } from "./cursors.ts";
import { eventsAfter, requirePage, reservationPage } from "./resolvers.ts";
import { type CommandOptions, toBooking, toGuest, toHotel, toReservation } from "./sending.ts";
import { readHistory, shown, stateBefore } from "./stream-history.ts";
import { reservationChanges, streamEvents } from "./stream-subscriptions.ts";

export const schemaText = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

/** The schema that is served. */
export function apiSchema(): GraphQLSchema {
  return executableSchema(schemaText, resolvers, Object.values(scalars));
}

const longestRange = 366;

interface ById {
  readonly id: string;
}
interface ForReservation {
  readonly reservationId: string;
  readonly options?: CommandOptions | null;
}
interface PageOf {
  readonly first: number;
  readonly after?: string | null;
}
interface Filtered extends PageOf {
  readonly filter?: {
    readonly hotelId?: string | null;
    readonly guestId?: string | null;
    readonly status?: ReservationRow["status"] | null;
  } | null;
}
interface Nights {
  readonly hotelId: string;
  readonly from: string;
  readonly to: string;
}
interface OfStream {
  readonly streamId: string;
  readonly afterVersion: number;
}
interface Creation extends Pick<ForReservation, "options"> {
  readonly input: Omit<CreateReservation["data"], "now" | "reservationId"> & {
    readonly reservationId?: string | null;
  };
}
type Opening = Pick<ForReservation, "options"> & {
  readonly hotelId: string;
  readonly rooms: Rooms;
};
type Registration = Pick<ForReservation, "options"> & {
  readonly guestId: string;
  readonly credit: Money;
};
type BookingRequest = Pick<ForReservation, "options"> & {
  readonly input: { readonly reservationId: string; readonly minutes: number };
};

const resolvers: Resolvers<ApiContext> = {
  Query: {
    reservation: (_, { id }: ById, { system }) => findReservation(system.readModel, id),
    reservations: (_, { filter, ...page }: Filtered, { system }) => {
      const { hotelId, guestId, status } = filter ?? {};
      const given = {
        ...(hotelId ? { hotelId } : {}),
        ...(guestId ? { guestId } : {}),
        ...(status ? { status } : {}),
      };
      return reservationPage(system.readModel, given, page);
    },
    occupancy: (_, { hotelId, from, to }: Nights, { system }) => {
      const nights = (Date.parse(to) - Date.parse(from)) / 86_400_000;
      if (nights > longestRange) {
        throw refuse("PAGE_TOO_LARGE", `Ask for at most ${longestRange} nights, not ${nights}.`);
      }
      return occupancy(system.readModel, hotelId, from, to);
    },
    guest: (_, { id }: ById) => ({ id }),
    history: (_, { streamId, afterVersion, first }: OfStream & PageOf, { live, signal }) => {
      requirePage(first);
      return readHistory(live.store, streamId, { afterVersion, first, signal });
    },
    stateBefore: async (
      _,
      { reservationId, time }: ForReservation & { readonly time: string },
      { live },
    ) => {
      const { state, version } = await stateBefore(live.store, reservationId, time);
      return { version, state: shown(state) };
    },
    comparison: (_, { reservationId }: ForReservation, { live }) =>
      compare(live.pool, live.store, reservationId),
  },
  Mutation: {
    createReservation: (_, { input, options }: Creation, context) => {
      const reservationId = input.reservationId ?? `reservation-${randomUUID()}`;
      const data = { ...plain(input), reservationId, now: context.now() };
      return toReservation(context, options, { type: "CreateReservation", data });
    },
    confirmReservation: (_, { reservationId, options }: ForReservation, context) => {
      const data = { reservationId, now: context.now() };
      return toReservation(context, options, { type: "ConfirmReservation", data });
    },
    changeStay: (
      _,
      { reservationId, stay, options }: ForReservation & { readonly stay: Stay },
      context,
    ) => {
      const data = { reservationId, stay: plain(stay), now: context.now() };
      return toReservation(context, options, { type: "ChangeStay", data });
    },
    cancelReservation: (
      _,
      { reservationId, reason, options }: ForReservation & { readonly reason: string },
      context,
    ) => {
      const data = { reservationId, reason, now: context.now() };
      return toReservation(context, options, { type: "CancelReservation", data });
    },
    openHotel: (_, { hotelId, rooms, options }: Opening, context) => {
      const data = { hotelId, rooms: plain(rooms), now: context.now() };
      return toHotel(context, options, { type: "OpenHotel", data });
    },
    registerGuest: (_, { guestId, credit, options }: Registration, context) => {
      const data = { guestId, credit: plain(credit), now: context.now() };
      return toGuest(context, options, { type: "RegisterGuest", data });
    },
    requestBooking: (_, { input, options }: BookingRequest, context) =>
      toBooking(context, options, input),
  },
  Subscription: {
    events: {
      subscribe: (_, { after }: Pick<PageOf, "after">, { live, signal }) =>
        eventsAfter(live, toCheckpoint(after), signal),
    },
    streamEvents: {
      subscribe: (_, { streamId, afterVersion }: OfStream, { live, signal }) =>
        streamEvents(live, streamId, afterVersion, signal),
    },
    reservationChanged: {
      subscribe: (_, { id }: ById, { live, signal }) => reservationChanges(live, id, signal),
    },
  },
  Reservation: { id: ({ reservationId }: ReservationRow) => reservationId },
  Guest: {
    reservations: ({ id }: ById, page: PageOf, { system }) =>
      reservationPage(system.readModel, { guestId: id }, page),
  },
  Comparison: { state: ({ state }: Comparison) => shown(state) },
  CommittedEvent: { cursor: ({ checkpoint }: CommittedEvent) => toCursor(checkpoint) },
  Event: {
    correlationId: ({ metadata }: EventEnvelope) => metadata.correlationId,
    causationId: ({ metadata }: EventEnvelope) => metadata.causationId,
  },
};

/** GraphQL's input objects have no prototype, and the event store takes plain objects only. */
function plain<T extends object>(input: T): T {
  const fields = Object.entries(input).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "object" && value !== null && !Array.isArray(value) ? plain(value) : value,
  ]);
  return Object.fromEntries(fields);
}
