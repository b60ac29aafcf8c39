import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { asked, booking, correlationId, inWords } from "../../shared/testing/bookings.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { commandFor } from "./booking-command.ts";
import type { BookingEvent } from "./booking-types.ts";

const id = "11111111-1111-4111-8111-111111111111";

/** As the store has recorded it: at noon on 1 January. */
function stored(event: BookingEvent, eventId = id): EventEnvelope<BookingEvent> {
  const metadata = { correlationId, causationId: "22222222-2222-4222-8222-222222222222" };
  const [only] = recorded<BookingEvent>("booking-reservation-1", [
    newEvent(event, { id: eventId, metadata }),
  ]);
  if (!only) throw new RangeError("Nothing was recorded.");
  return deepFreeze(only);
}

describe("the command that an event asks for", () => {
  costs("the guest is charged once for each time that the message came");

  it.each([
    [asked.charge, "ChargeCredit"],
    [asked.hold, "HoldRoom"],
    [asked.confirmation, "ConfirmReservation"],
    [asked.release("no-room"), "ReleaseRoom"],
    [asked.return("no-room"), "ReturnCredit"],
    [asked.cancellation("no-room"), "CancelReservation"],
  ] as const)("is sent for $0.type", (event, type) => {
    story({ given: inWords(event), when: "its command is asked for", wanted: type });
    expect(commandFor(stored(event))?.command.type, "the command").toBe(type);
  });

  it("carries what the event says, and the time at which it was asked for", () => {
    story({
      given: `${inWords(asked.charge)}, recorded at noon`,
      when: "its command is asked for",
      wanted: "ChargeCredit of ada, 240.00 EUR, now: noon",
    });
    const { reservationId, guestId, total: amount } = booking;
    expect(commandFor(stored(asked.charge))?.command, "the command").toEqual({
      type: "ChargeCredit",
      data: { reservationId, guestId, amount, now: "2030-01-01T12:00:00.000Z" },
    });
  });

  it("has the same id each time that the event comes", () => {
    story({
      given: inWords(asked.charge),
      when: "its command is asked for twice, as after a crash",
      wanted: "the same id, so that the guest recognises it",
    });
    const first = commandFor(stored(asked.charge));
    expect(commandFor(stored(asked.charge))?.id, "the id, the second time").toBe(first?.id);
    expect(first?.id, "the id").toMatch(/^[0-9a-f-]{36}$/);
  });

  it("has an id that no other event's command has", () => {
    story({
      given: "two events of a kind, with ids of their own",
      when: "their commands are asked for",
      wanted: "two ids",
      costs: "the guest takes the second booking's charge for the first one's, and is not charged",
    });
    const first = commandFor(stored(asked.charge));
    const second = commandFor(stored(asked.charge, "33333333-3333-4333-8333-333333333333"));
    expect(second?.id, "the id of the second event's command").not.toBe(first?.id);
  });

  it("belongs to the request that the booking belongs to, and names the event as its cause", () => {
    story({
      given: `${inWords(asked.hold)}, of the request ${correlationId}`,
      when: "its command is asked for",
      wanted: `correlationId ${correlationId}, causationId: the event's id`,
      costs:
        "one request has become seven of nobody, and support needs an afternoon for each guest",
    });
    const { correlationId: request, causationId } = commandFor(stored(asked.hold)) ?? {};
    expect({ request, causationId }, "the ids on the envelope").toEqual({
      request: correlationId,
      causationId: id,
    });
  });

  it.each([[asked.nothingMore], [asked.end("no-room")], [asked.person("stay-changed")]] as const)(
    "is none at $0.type: there the booking ends",
    (event) => {
      story({ given: inWords(event), when: "its command is asked for", wanted: "undefined" });
      expect(commandFor(stored(event)), "the command").toBeUndefined();
    },
  );
});
