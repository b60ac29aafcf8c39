import { describe, expect, it } from "vitest";
import {
  cancelReservation,
  changeTheStay,
  confirmReservation,
  extended,
} from "../../shared/testing/command-handling.ts";
import { confirmed } from "../../shared/testing/reservations.ts";
import { newEvents } from "./command-handler.ts";

describe("the events of a command", () => {
  it("are what was decided, in that order", () => {
    const ready = newEvents(changeTheStay, [confirmed, extended]);
    expect(ready).toMatchObject([
      { ...confirmed, schemaVersion: 1 },
      { ...extended, schemaVersion: 1 },
    ]);
  });

  it("get the same ids on every delivery", () => {
    const once = newEvents(changeTheStay, [confirmed, extended]);
    const again = newEvents(changeTheStay, [confirmed, extended]);
    expect(again.map((event) => event.id)).toEqual(once.map((event) => event.id));
  });

  it("get ids that no other event has", () => {
    const ids = [confirmReservation, changeTheStay, cancelReservation]
      .flatMap((envelope) => newEvents(envelope, [confirmed, extended]))
      .map((event) => event.id);
    expect(new Set(ids).size).toBe(6);
  });

  it("name the command, what it belongs to, and what caused it", () => {
    const envelope = {
      ...confirmReservation,
      correlationId: "request-7",
      causationId: "payment-3",
    };
    expect(newEvents(envelope, [confirmed])[0]?.metadata).toEqual({
      commandId: confirmReservation.id,
      causationId: confirmReservation.id,
      correlationId: "request-7",
      commandCausationId: "payment-3",
    });
  });

  it("begin a correlation of their own when the command belongs to none", () => {
    expect(newEvents(confirmReservation, [confirmed])[0]?.metadata).toEqual({
      commandId: confirmReservation.id,
      causationId: confirmReservation.id,
      correlationId: confirmReservation.id,
    });
  });
});
