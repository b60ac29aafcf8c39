import { describe, it } from "vitest";
import {
  answered,
  asked,
  givenOf,
  nothingToDo,
  refused,
  streamOf,
} from "../../shared/testing/bookings.ts";
import { costs } from "../../shared/testing/story.ts";
import { evolve, initialState } from "../../solutions/12-saga/booking-saga.ts";
import { react } from "./booking-saga.ts";
import type { BookingEvent, BookingInput } from "./booking-types.ts";

const given = givenOf<BookingInput, BookingEvent>({
  decide: react,
  stateOf: (history) => history.reduce(evolve, initialState),
});

const { charging, holding, confirming, booked, releasing, returning, cancelling } = streamOf;

describe("a booking that goes forward", () => {
  costs("the guest has paid, and no room is ever held: the booking hangs until somebody writes in");

  it("asks for the room when the credit is charged", () => {
    given(...charging)
      .when(answered.charged)
      .thenDecides(asked.hold);
  });

  it("asks for the confirmation when the room is held", () => {
    given(...holding)
      .when(answered.held)
      .thenDecides(asked.confirmation);
  });

  it("is complete when the reservation is confirmed", () => {
    given(...confirming)
      .when(answered.confirmed)
      .thenDecides(asked.nothingMore);
  });

  it("is complete, too, when the desk had confirmed the reservation before", () => {
    given(...confirming)
      .when(nothingToDo("ConfirmReservation"))
      .thenDecides(asked.nothingMore);
  });
});

describe("a booking that turns back", () => {
  costs("a guest pays for a room that was given to somebody else");

  it("only cancels the reservation when there is no credit: nothing was charged, no room asked for", () => {
    given(...charging)
      .when(answered.noCredit)
      .thenDecides(asked.cancellation("no-credit"));
  });

  it("returns the credit when there is no room", () => {
    given(...holding)
      .when(answered.noRoom)
      .thenDecides(asked.return("no-room"));
  });

  it("releases the room when the reservation cannot be confirmed", () => {
    given(...confirming)
      .when(refused("ConfirmReservation", "reservation-cancelled"))
      .thenDecides(asked.release("reservation-cancelled"));
  });

  it("is not turned back by a refusal of an earlier command, which comes a second time", () => {
    given(...confirming)
      .when(refused("ChargeCredit", "guest-not-found"))
      .thenDecides();
  });

  it("returns the credit when time is up while the charge is on its way: it may have been charged", () => {
    given(...charging)
      .when(answered.timedOut)
      .thenDecides(asked.return("timed-out"));
  });

  it("releases the room when time is up while the hotel has not answered: it may hold one", () => {
    given(...holding)
      .when(answered.timedOut)
      .thenDecides(asked.release("timed-out"));
  });

  it("releases the room when time is up while the confirmation is on its way", () => {
    given(...confirming)
      .when(answered.timedOut)
      .thenDecides(asked.release("timed-out"));
  });

  it("returns the credit when the reservation is cancelled by hand while the charge is on its way", () => {
    given(...charging)
      .when(answered.cancelled)
      .thenDecides(asked.return("cancelled-by-hand"));
  });

  it.each([
    ["a room is asked for", holding],
    ["the confirmation is on its way", confirming],
    ["all is booked", booked],
  ])("releases the room when the reservation is cancelled by hand after %s", (_, history) => {
    given(...history)
      .when(answered.cancelled)
      .thenDecides(asked.release("cancelled-by-hand"));
  });

  it("goes back from where it stood when one that is parked is cancelled by hand", () => {
    given(...holding, asked.person("HoldRoom refused: hotel-not-found"))
      .when(answered.cancelled)
      .thenDecides(asked.release("cancelled-by-hand"));
  });

  it("goes on with the same step when it was parked on its way back", () => {
    given(...returning, asked.person("ReturnCredit failed: timeout"))
      .when(answered.cancelled)
      .thenDecides(asked.return("cancelled-by-hand"));
  });

  it("asks for the cancellation again when it was parked with nothing else left to undo", () => {
    given(...cancelling, asked.person("CancelReservation failed: timeout"))
      .when(answered.cancelled)
      .thenDecides(asked.cancellation("cancelled-by-hand"));
  });
});

describe("a booking on its way back", () => {
  costs(
    "the credit is given back twice, or not at all; each audit finds the difference, and nobody the reason",
  );

  it("returns the credit once the room is released", () => {
    given(...releasing)
      .when(answered.released)
      .thenDecides(asked.return("timed-out"));
  });

  it("cancels the reservation once the credit is returned", () => {
    given(...returning)
      .when(answered.returned)
      .thenDecides(asked.cancellation("timed-out"));
  });

  it("is at its end once the reservation is cancelled", () => {
    given(...cancelling)
      .when(answered.cancelled)
      .thenDecides(asked.end("timed-out"));
  });

  it.each([
    ["ReleaseRoom", releasing, asked.return("timed-out")],
    ["ReturnCredit", returning, asked.cancellation("timed-out")],
    ["CancelReservation", cancelling, asked.end("timed-out")],
  ] as const)("goes on where there was nothing to do for its %s", (command, history, next) => {
    given(...history)
      .when(nothingToDo(command))
      .thenDecides(next);
  });

  it("waits for the release when the room is held after all: the release comes behind it", () => {
    given(...releasing)
      .when(answered.held)
      .thenDecides();
  });

  it("waits for the return when the credit is charged after all", () => {
    given(...charging, asked.return("timed-out"))
      .when(answered.charged)
      .thenDecides();
  });

  it("does not hear of its confirmation any more", () => {
    given(...releasing)
      .when(answered.confirmed)
      .thenDecides();
  });

  it("is not turned by an answer to a command of the way there", () => {
    given(...releasing)
      .when(nothingToDo("ConfirmReservation"))
      .thenDecides();
  });

  it("does not turn back a second time when time is up", () => {
    given(...returning)
      .when(answered.timedOut)
      .thenDecides();
  });

  it("does not turn back a second time when the reservation is cancelled by hand", () => {
    given(...releasing)
      .when(answered.cancelled)
      .thenDecides();
  });

  it("does not return the credit again when the room's release comes a second time", () => {
    given(...cancelling)
      .when(answered.released)
      .thenDecides();
  });
});

describe("a booking that has come to its end", () => {
  costs("a guest who sleeps in the hotel is told that the booking has timed out");

  it("hears no timeout when all is booked", () => {
    given(...booked)
      .when(answered.timedOut)
      .thenDecides();
  });

  it("hears no refusal that comes late", () => {
    given(...booked)
      .when(refused("ConfirmReservation", "reservation-cancelled"))
      .thenDecides();
  });

  it("asks for no second room when the charge is told twice", () => {
    given(...holding)
      .when(answered.charged)
      .thenDecides();
  });
});
