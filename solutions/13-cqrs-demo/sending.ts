/** From a mutation's arguments to a command in its envelope, and to the side that handles it. Given. */

import { randomUUID } from "node:crypto";
import type { ReservationCommand } from "../01-aggregate/reservation-types.ts";
import { bookings, guests, hotels } from "../12-saga/deciders.ts";
import type { GuestCommand } from "../12-saga/guest-types.ts";
import type { HotelCommand } from "../12-saga/hotel-types.ts";
import { type CommandAnswer, type Ids, refused } from "./answers.ts";
import type { ApiContext } from "./api-context.ts";
import { bookingFor, handleOther, type Outcome } from "./other-commands.ts";
import { answerTo, withReservation } from "./resolvers.ts";

/** What a client may say about a command, whatever it is. */
export interface CommandOptions {
  readonly commandId?: string | null;
  readonly expectedVersion?: number | null;
  readonly waitForReadModel?: boolean;
}
type Options = CommandOptions | null | undefined;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export async function toReservation(
  context: ApiContext,
  options: Options,
  command: ReservationCommand,
): Promise<CommandAnswer> {
  if (!isReservation(command.data.reservationId)) return noReservation;
  const { system, waitAtMost } = context;
  const answer = await send(
    context,
    options,
    command.type,
    ({ commandId: id, correlationId }, expected) =>
      system.handle({ id, command, correlationId }, expected),
  );
  if (options?.waitForReadModel !== true || answer.__typename !== "CommandAccepted") return answer;
  return withReservation(system.readModel, answer, waitAtMost);
}

export function toHotel(
  context: ApiContext,
  options: Options,
  command: HotelCommand,
): Promise<CommandAnswer> {
  return send(
    context,
    options,
    command.type,
    ({ commandId: id, correlationId }, { expectedVersion }) =>
      handleOther(context.system.store, hotels, { id, command, correlationId }, expectedVersion),
  );
}

export function toGuest(
  context: ApiContext,
  options: Options,
  command: GuestCommand,
): Promise<CommandAnswer> {
  return send(
    context,
    options,
    command.type,
    ({ commandId: id, correlationId }, { expectedVersion }) =>
      handleOther(context.system.store, guests, { id, command, correlationId }, expectedVersion),
  );
}

export async function toBooking(
  context: ApiContext,
  options: Options,
  { reservationId, minutes }: { readonly reservationId: string; readonly minutes: number },
): Promise<CommandAnswer> {
  if (!isReservation(reservationId)) return noReservation;
  if (minutes < 1 || minutes > 1_440) {
    return refused("invalid-minutes", "A booking may take 1 to 1440 minutes.", "input.minutes");
  }
  const { store } = context.system;
  return send(
    context,
    options,
    "RequestBooking",
    async ({ commandId: id, correlationId }, { expectedVersion }) => {
      const data = await bookingFor(store, reservationId, context.now(minutes));
      const command = { type: "RequestBooking", data } as const;
      return handleOther(store, bookings, { id, command, correlationId }, expectedVersion);
    },
  );
}

/** Checks the ids, makes those that were left out, and sends. */
async function send(
  { correlationId, watch }: ApiContext,
  options: Options,
  name: string,
  handle: (ids: Ids, expected: { readonly expectedVersion?: number }) => Promise<Outcome>,
): Promise<CommandAnswer> {
  const { commandId, expectedVersion } = options ?? {};
  if (typeof commandId === "string" && !uuid.test(commandId)) {
    return refused("invalid-command-id", "A command id is a UUID.", "options.commandId");
  }
  if (typeof expectedVersion === "number" && expectedVersion < 0) {
    return refused("invalid-version", "A version is 0 or more.", "options.expectedVersion");
  }
  const ids = { commandId: commandId?.toLowerCase() ?? randomUUID(), correlationId };
  const expected = typeof expectedVersion === "number" ? { expectedVersion } : {};
  const began = performance.now();
  const answer = await answerTo(ids, () => handle(ids, expected));
  watch?.onAnswered?.({ ...ids, name, milliseconds: performance.now() - began });
  return answer;
}

/** A reservation's stream has its name: one that a hotel's stream may have would write into that. */
function isReservation(id: string): boolean {
  return /^reservation-[\w.-]{1,100}$/.test(id);
}

const noReservation = refused(
  "invalid-id",
  "A reservation's id is `reservation-` and letters, digits, dots, dashes or underscores.",
  "reservationId",
);
