import { describe, expect, it } from "vitest";
import {
  cancelReservation,
  changeTheStay,
  confirmReservation,
  extended,
} from "../../shared/testing/command-handling.ts";
import { confirmed } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { newEvents } from "./command-handler.ts";
import { eventId } from "./event-id.ts";

describe("the events of a command", () => {
  costs("a guest complains, and nobody can say which request has led to which event");

  it("are what was decided, in that order", () => {
    story({
      given: "a command has decided ReservationConfirmed and StayChanged",
      when: "newEvents makes them ready",
      wanted: "these two, in this order, type and data as decided, with schemaVersion 1",
    });
    const ready = newEvents(changeTheStay, [confirmed, extended]);
    expect(ready).toMatchObject([
      { ...confirmed, schemaVersion: 1 },
      { ...extended, schemaVersion: 1 },
    ]);
  });

  it("get the same ids on every delivery", () => {
    story({
      given: "the command ...0003 has decided ReservationConfirmed and StayChanged",
      when: "it is delivered twice, and newEvents makes them ready each time",
      wanted: "the same two ids both times, as eventId gives them for index 0 and 1",
      costs: "the store takes the second delivery for something new, and the guest pays twice",
    });
    const once = newEvents(changeTheStay, [confirmed, extended]);
    const again = newEvents(changeTheStay, [confirmed, extended]);
    const ids = again.map((event) => event.id);
    expect(ids, "the ids of the second delivery, against the first").toEqual(
      once.map((event) => event.id),
    );
    const named = [0, 1].map((index) => eventId(changeTheStay.id, index));
    expect(ids, "the ids, against eventId(command, 0) and eventId(command, 1)").toEqual(named);
  });

  it("get ids that no other event has", () => {
    story({
      given: "three commands: ...0002, ...0003 and ...0004",
      when: "each has decided ReservationConfirmed and StayChanged",
      wanted: "six ids, all different: each follows from the command's id and the index",
      costs: "the store takes a new event for one that it has, and loses what the guest did",
    });
    const ids = [confirmReservation, changeTheStay, cancelReservation]
      .flatMap((envelope) => newEvents(envelope, [confirmed, extended]))
      .map((event) => event.id);
    expect(new Set(ids).size, "how many different ids the six events have").toBe(6);
  });

  it("name the command, what it belongs to, and what caused it", () => {
    story({
      given: "the command ...0002, with correlationId request-7 and causationId payment-3",
      when: "it has decided ReservationConfirmed",
      wanted: [
        "metadata: commandId and causationId are ...0002, correlationId is",
        "request-7, commandCausationId is payment-3",
      ],
    });
    const envelope = {
      ...confirmReservation,
      correlationId: "request-7",
      causationId: "payment-3",
    };
    expect(newEvents(envelope, [confirmed])[0]?.metadata, "metadata").toStrictEqual({
      commandId: confirmReservation.id,
      causationId: confirmReservation.id,
      correlationId: "request-7",
      commandCausationId: "payment-3",
    });
  });

  it("begin a correlation of their own when the command belongs to none", () => {
    story({
      given: "the command ...0002, without correlationId and causationId",
      when: "it has decided ReservationConfirmed",
      wanted: [
        "metadata: commandId, causationId and correlationId are all ...0002;",
        "there is no commandCausationId",
      ],
    });
    expect(newEvents(confirmReservation, [confirmed])[0]?.metadata, "metadata").toStrictEqual({
      commandId: confirmReservation.id,
      causationId: confirmReservation.id,
      correlationId: confirmReservation.id,
    });
  });
});
