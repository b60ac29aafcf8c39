/** The commands that traffic is made of, as mutations with what an answer is asked for. */

const answer = `{
  __typename
  ... on CommandAccepted {
    streamId version events repeated reservation { id } readModelBehind { reached }
  }
  ... on CommandRefused { code }
  ... on Conflict { actual }
}`;

/** What comes back; which fields there are, the type says. */
export interface Answer {
  readonly __typename: "CommandAccepted" | "CommandRefused" | "Conflict";
  readonly streamId?: string;
  readonly version?: number;
  readonly events?: readonly string[];
  readonly repeated?: boolean;
  readonly code?: string;
  readonly readModelBehind?: object | null;
}

export interface Mutation {
  readonly name: string;
  readonly query: string;
  /** Without the options, which hold the command's id. */
  readonly variables: object;
}

const year = new Date().getUTCFullYear() + 1;

function mutation(name: string, parameters: string, input: string, options: string) {
  const query = `mutation(${parameters}, $options: ${options}) { ${name}(${input}, options: $options) ${answer} }`;
  return (variables: object): Mutation => ({ name, query, variables });
}

const ofReservation = "ReservationCommandOptions";
const ofOthers = "CommandOptions";

const create = mutation(
  "createReservation",
  "$input: CreateReservationInput!",
  "input: $input",
  ofReservation,
);
const confirm = mutation("confirmReservation", "$id: ID!", "reservationId: $id", ofReservation);
const change = mutation(
  "changeStay",
  "$id: ID!, $stay: StayInput!",
  "reservationId: $id, stay: $stay",
  ofReservation,
);
const cancel = mutation(
  "cancelReservation",
  "$id: ID!, $reason: String!",
  "reservationId: $id, reason: $reason",
  ofReservation,
);
const open = mutation(
  "openHotel",
  "$hotelId: ID!, $rooms: RoomsInput!",
  "hotelId: $hotelId, rooms: $rooms",
  ofOthers,
);
const register = mutation(
  "registerGuest",
  "$guestId: ID!, $credit: MoneyInput!",
  "guestId: $guestId, credit: $credit",
  ofOthers,
);
const book = mutation("requestBooking", "$input: RequestBookingInput!", "input: $input", ofOthers);

/** Nights of May next year, so that a hotel has some to spare. */
export function stayFrom(day: number, nights: number): object {
  const date = (of: number): string => `${year}-05-${String(of).padStart(2, "0")}`;
  return { arrival: date(day), departure: date(day + nights) };
}

export const createReservation = (
  reservationId: string,
  { hotelId = "seaview", guestId = "ada", stay = stayFrom(1, 2) } = {},
): Mutation =>
  create({
    input: {
      ...{ reservationId, hotelId, guestId, stay },
      ...{ roomType: "double", guests: 2, pricePerNight: { amount: 12_000, currency: "EUR" } },
    },
  });
export const confirmReservation = (id: string): Mutation => confirm({ id });
export const changeStay = (id: string, stay: object): Mutation => change({ id, stay });
export const cancelReservation = (id: string): Mutation => cancel({ id, reason: "plans changed" });
export const openHotel = (hotelId: string, double: number): Mutation =>
  open({ hotelId, rooms: { single: 1, double, suite: 1 } });
export const registerGuest = (guestId: string, euros: number): Mutation =>
  register({ guestId, credit: { amount: euros * 100, currency: "EUR" } });
export const requestBooking = (reservationId: string): Mutation =>
  book({ input: { reservationId } });
