import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import {
  emptied,
  firstOf,
  openFor,
  requestBooking,
  schedule,
  scheduledIn,
  typesIn,
} from "../../shared/testing/booking-database.ts";
import {
  answered,
  asked,
  correlationId,
  reservationId,
  storedIn,
} from "../../shared/testing/bookings.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { eventId } from "../../solutions/05-command-handlers/event-id.ts";
import { handleInput } from "../../solutions/12-saga/inbox.ts";
import { fireDue, scheduleTimeout } from "./timeouts.ts";

const database = useDatabase(12);

function setUpStore(): EventStore {
  return postgresEventStore(database.setUpPool);
}

function fire(now: string, pool: pg.Pool = database.pool): Promise<number> {
  return fireDue(pool, postgresEventStore(pool), `2030-01-10T${now}:00.000Z`);
}

/** A booking that waits for its charge, and gives up at 09:15. */
async function waiting(id = reservationId, request = correlationId): Promise<void> {
  await requestBooking(setUpStore(), { reservationId: id, expiresAt: expiring(id) }, request);
  await schedule(database.setUpPool, id);
}

/** reservation-1 at 09:15, reservation-2 at 09:14 ... */
function expiring(id: string): string {
  return `2030-01-10T09:${16 - Number(id.slice("reservation-".length))}:00.000Z`;
}

const turnedBack = ["BookingRequested", "ReturnRequested"];
const booking = "booking-reservation-1";

describe("a timeout that is due", () => {
  costs(
    "a room is held and a guest charged by 30 bookings that nobody will ever complete or cancel",
  );

  it("is told to its booking, and gone", async () => {
    story({
      given: "reservation-1 waits for its charge, with a timeout at 09:15",
      when: "fireDue, at 09:20",
      wanted: "1: the booking turns back, and no message is left",
    });
    await openFor(setUpStore());
    await waiting();
    expect(await fire("09:20"), "how many were delivered").toBe(1);
    expect(await typesIn(setUpStore(), booking), "the booking's events").toEqual(turnedBack);
    expect(await scheduledIn(database.setUpPool), "messages that are left").toEqual([]);
  });

  it("is due at its moment, and not before", async () => {
    story({
      given: "reservation-1 waits for its charge, with a timeout at 09:15",
      when: "fireDue at 09:14, then at 09:15",
      wanted: "nothing; then the booking turns back",
    });
    await openFor(setUpStore());
    await waiting();
    expect(await fire("09:14"), "how many were delivered at 09:14").toBe(0);
    expect(await typesIn(setUpStore(), booking), "the booking at 09:14").toEqual([
      "BookingRequested",
    ]);
    expect(await scheduledIn(database.setUpPool), "messages that are left").toHaveLength(1);
    expect(await fire("09:15"), "how many were delivered at 09:15").toBe(1);
    expect(await typesIn(setUpStore(), booking), "the booking at 09:15").toEqual(turnedBack);
  });

  it("outlives the process that has scheduled it", async () => {
    story({
      given: "a process schedules the timeout of reservation-1, and ends",
      when: "another one calls fireDue, at 09:20",
      wanted: "1: the booking turns back",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    await scheduleTimeout(
      database.setUpPool,
      (await firstOf(database.setUpPool, reservationId)).event,
    );
    expect(await fire("09:20", database.newPool()), "how many were delivered").toBe(1);
    expect(await typesIn(setUpStore(), booking), "the booking's events").toEqual(turnedBack);
  });

  it("is told in the end, and once, wherever the process dies", async () => {
    story({
      given: "reservation-1 waits for its charge, with a timeout at 09:15",
      when: "fireDue dies before its statement 1, 2, 3 ..., and another process calls it again",
      wanted: "each time: the booking turns back, once, and no message is left",
    });
    let died = true;
    for (let statements = 0; died && statements < 30; statements++) {
      await emptied(database.setUpPool);
      await openFor(setUpStore());
      await waiting();
      const mortal = crashingPool(database.pool, statements);
      await fire("09:20", mortal.pool).catch((error: Error) => {
        if (error.name !== "Crash") throw error;
      });
      died = mortal.hasCrashed;
      await fire("09:21");
      const when = died ? `it died before statement ${statements + 1}` : "it did not die";
      expect(await typesIn(setUpStore(), booking), `the booking; ${when}`).toEqual(turnedBack);
      expect(await scheduledIn(database.setUpPool), `messages that are left; ${when}`).toEqual([]);
    }
    expect(died, "still dying after 30 statements").toBe(false);
  });

  it("is told once by two processes that fire at the same moment", async () => {
    story({
      given: "reservation-1 and -2 wait for their charges, with timeouts at 09:15 and 09:14",
      when: "two processes call fireDue at once, at 09:20",
      wanted: "both bookings turn back, once, and no message is left",
    });
    await openFor(setUpStore());
    await waiting();
    await waiting("reservation-2");
    await Promise.all([fire("09:20"), fire("09:20", database.newPool())]);
    for (const id of ["reservation-1", "reservation-2"]) {
      expect(await typesIn(setUpStore(), `booking-${id}`), id).toEqual(turnedBack);
    }
    expect(await scheduledIn(database.setUpPool), "messages that are left").toEqual([]);
  });

  it("comes before those that are due later", async () => {
    story({
      given: "timeouts of reservation-1 at 09:15, -2 at 09:14, -3 at 09:13",
      when: "fireDue, at 09:14",
      wanted: "2: reservation-3 turns back, then reservation-2; reservation-1 has a minute left",
    });
    await openFor(setUpStore());
    for (const id of ["reservation-1", "reservation-2", "reservation-3"]) await waiting(id);
    expect(await fire("09:14"), "how many were delivered").toBe(2);
    const turned = (await storedIn(setUpStore())).filter(({ type }) => type === "ReturnRequested");
    expect(turned.map(({ streamId }) => streamId)).toEqual([
      "booking-reservation-3",
      "booking-reservation-2",
    ]);
    expect(await scheduledIn(database.setUpPool), "messages that are left").toEqual([
      "reservation-1 at 09:15",
    ]);
  });

  it("is no news to a booking that has come to its end", async () => {
    story({
      given:
        "reservation-1 was charged, has its room, and is booked; its timeout at 09:15 is still there",
      when: "fireDue, at 09:20",
      wanted: "1: nothing new in the booking's stream, and no message is left",
    });
    await openFor(setUpStore());
    await waiting();
    for (const [index, command] of [
      answered.charged,
      answered.held,
      answered.confirmed,
    ].entries()) {
      await handleInput(setUpStore(), { id: eventId(reservationId, index), command });
    }
    const before = await typesIn(setUpStore(), booking);
    expect(before.at(-1)).toBe(asked.nothingMore.type);
    expect(await fire("09:20"), "how many were delivered").toBe(1);
    expect(await typesIn(setUpStore(), booking), "the booking's events").toEqual(before);
    expect(await scheduledIn(database.setUpPool), "messages that are left").toEqual([]);
  });

  it("belongs to the request that the booking belongs to", async () => {
    story({
      given: `reservation-1, of the request ${correlationId}, waits for its charge`,
      when: "fireDue, at 09:20",
      wanted: `what the booking asks for then has the correlationId ${correlationId}`,
      costs: "a booking that turns back looks in the logs as if nobody had ever asked for it",
    });
    await openFor(setUpStore());
    await waiting();
    await fire("09:20");
    const last = (await storedIn(setUpStore())).at(-1);
    expect(last?.metadata.correlationId, `the correlationId of ${last?.type}`).toBe(correlationId);
  });
});
