import { describe, expect, it } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import {
  emptied,
  eventOf,
  firstOf,
  dispatcherName as name,
  openFor,
  requestBooking,
  scheduledIn,
  standing,
  typesIn,
} from "../../shared/testing/booking-database.ts";
import { answered, reservationId } from "../../shared/testing/bookings.ts";
import { checkedOut } from "../../shared/testing/connections.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { rejectionOf } from "../../shared/testing/refusal.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { eventId } from "../../solutions/05-command-handlers/event-id.ts";
import { moveCheckpoint } from "../../solutions/06-publishing/checkpoint.ts";
import { startOfStore } from "../../solutions/06-publishing/commit-order.ts";
import { handleInput } from "../../solutions/12-saga/inbox.ts";
import { parkedBookings } from "../../solutions/12-saga/parked.ts";
import { dispatchAll, dispatchNext } from "./dispatcher.ts";

const database = useDatabase(12);

function setUpStore(): EventStore {
  return postgresEventStore(database.setUpPool);
}

/** A store that is away whenever a guest is asked. */
function withoutGuests(store: EventStore): EventStore {
  return {
    ...store,
    readStream: (streamId, options) => {
      if (streamId.startsWith("guest-")) throw new Error("the guests' database is away");
      return store.readStream(streamId, options);
    },
  };
}

/** The store, and the streams that were loaded from it. */
function listening(store: EventStore): { readonly store: EventStore; readonly asked: Set<string> } {
  const asked = new Set<string>();
  const readStream: EventStore["readStream"] = (streamId, options) => {
    asked.add(streamId);
    return store.readStream(streamId, options);
  };
  return { store: { ...store, readStream }, asked };
}

/** What is to be seen from outside once the first event of the booking is done. */
async function outcome() {
  return {
    guest: await typesIn(setUpStore(), "guest-ada"),
    timeouts: await scheduledIn(database.setUpPool),
    checkpoint: await standing(database.setUpPool),
  };
}

const charged = ["GuestRegistered", "CreditCharged"];
const given = [
  "booking-reservation-1: BookingRequested, to be done by 09:15",
  "ada has 1000.00 EUR",
];

describe("an event of a booking that is dispatched", () => {
  costs("the process dies after the checkpoint and before the command: the guest waits for ever");

  it("has its command sent, its timeout scheduled, and the checkpoint moved", async () => {
    story({
      given,
      when: "the event is dispatched",
      wanted: "ada is charged, once; a timeout at 09:15; the checkpoint is behind the event",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    const next = await firstOf(database.setUpPool, reservationId);
    await standing(database.setUpPool);
    const store = postgresEventStore(database.pool);
    const stands = await dispatchNext({ pool: database.pool, store, name }, startOfStore, next);
    expect(stands, "where the dispatcher stands").toEqual(next.checkpoint);
    expect(await outcome(), "guest, timeouts and checkpoint").toEqual({
      guest: charged,
      timeouts: ["reservation-1 at 09:15"],
      checkpoint: next.checkpoint,
    });
  });

  it("sends the command of this event, and not those of the events before it", async () => {
    story({
      given: "booking-reservation-1: BookingRequested, HoldRequested; both are sent",
      when: "ConfirmationRequested is dispatched",
      wanted: "the reservation is asked, and neither the guest nor the hotel a second time",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    for (const [index, command] of [answered.charged, answered.held].entries()) {
      await handleInput(setUpStore(), { id: eventId(reservationId, index), command });
    }
    const next = await eventOf(database.setUpPool, reservationId, "ConfirmationRequested");
    await standing(database.setUpPool);
    const { store, asked } = listening(postgresEventStore(database.pool));
    await dispatchNext({ pool: database.pool, store, name }, startOfStore, next);
    expect([...asked], "the streams that were loaded").toEqual([reservationId]);
  });

  it("has no connection in its hands while its command is on its way", async () => {
    story({
      given,
      when: "the event is dispatched, and the guest's stream is loaded for its command",
      wanted: "no connection of the dispatcher's is lent at that moment: no transaction is open",
      costs: "a slow command holds a transaction open, and every relay waits behind it (step 06)",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    const next = await firstOf(database.setUpPool, reservationId);
    await standing(database.setUpPool);
    const pool = database.newPool();
    const lent: number[] = [];
    const store = postgresEventStore(database.pool);
    const readStream: EventStore["readStream"] = (streamId, options) => {
      lent.push(checkedOut(pool));
      return store.readStream(streamId, options);
    };
    await dispatchNext({ pool, store: { ...store, readStream }, name }, startOfStore, next);
    expect(Math.max(...lent), "connections lent when a stream was loaded").toBe(0);
  });

  it("has the effect of once, wherever the process dies and begins again", async () => {
    story({
      given,
      when: "the process dies before its statement 1, 2, 3 ..., and a new one goes on from the checkpoint",
      wanted: "each time: charged once, one timeout, the checkpoint behind the event",
    });
    let died = true;
    for (let statements = 0; died && statements < 30; statements++) {
      await emptied(database.setUpPool);
      await openFor(setUpStore());
      await requestBooking(setUpStore());
      const next = await firstOf(database.setUpPool, reservationId);
      await standing(database.setUpPool);
      const mortal = crashingPool(database.pool, statements);
      const dying = { pool: mortal.pool, store: postgresEventStore(mortal.pool), name };
      await dispatchNext(dying, startOfStore, next).catch((error: Error) => {
        if (error.name !== "Crash") throw error;
      });
      died = mortal.hasCrashed;
      // As dispatchAll does: only what is behind the checkpoint is dispatched (again).
      const stands = await standing(database.setUpPool);
      if (stands.position < next.checkpoint.position) {
        const store = postgresEventStore(database.pool);
        await dispatchNext({ pool: database.pool, store, name }, stands, next);
      }
      const when = died ? `died before statement ${statements + 1}` : "did not die";
      expect(await outcome(), `guest, timeouts and checkpoint; it ${when}`).toEqual({
        guest: charged,
        timeouts: ["reservation-1 at 09:15"],
        checkpoint: next.checkpoint,
      });
    }
    expect(died, "still dying after 30 statements").toBe(false);
  });

  it("is not behind the checkpoint while its command cannot be sent", async () => {
    story({
      given: [...given, "the guests' database is away"],
      when: "the event is dispatched",
      wanted: "the error comes out, and the checkpoint stays before the event",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    const next = await firstOf(database.setUpPool, reservationId);
    await standing(database.setUpPool);
    const store = withoutGuests(postgresEventStore(database.pool));
    const dispatcher = { pool: database.pool, store, name };
    const error = await rejectionOf(dispatchNext(dispatcher, startOfStore, next));
    expect(error, "what comes out").toMatchObject({ message: "the guests' database is away" });
    expect(await standing(database.setUpPool), "the checkpoint").toEqual(startOfStore);
  });

  it("is parked, and behind the checkpoint, when its command was tried too often", async () => {
    story({
      given: [...given, "the guests' database is away"],
      when: "the event is dispatched, and again; two attempts are all it gets",
      wanted: "parked with the reason; the checkpoint is behind the event: the others can go on",
      costs: "one booking that cannot be sent stands before all that came after it, all weekend",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    const next = await firstOf(database.setUpPool, reservationId);
    await standing(database.setUpPool);
    const store = withoutGuests(postgresEventStore(database.pool));
    const dispatcher = { pool: database.pool, store, name, maxAttempts: 2 };
    await rejectionOf(dispatchNext(dispatcher, startOfStore, next));
    await dispatchNext(dispatcher, startOfStore, next);
    expect(await parkedBookings(database.setUpPool), "what is parked").toMatchObject([
      { reservationId, reason: "ChargeCredit failed: the guests' database is away" },
    ]);
    expect(await standing(database.setUpPool), "the checkpoint").toEqual(next.checkpoint);
  });

  it("leaves a checkpoint alone that somebody else has moved", async () => {
    story({
      given: [...given, "a second dispatcher of that name has gone past the event already"],
      when: "the event is dispatched by the slower one",
      wanted: "CheckpointMoved; charged once; the checkpoint stays where the faster one has put it",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    const next = await firstOf(database.setUpPool, reservationId);
    await standing(database.setUpPool);
    await moveCheckpoint(database.setUpPool, name, startOfStore, next.checkpoint);
    const dispatcher = { pool: database.pool, store: postgresEventStore(database.pool), name };
    const error = await rejectionOf(dispatchNext(dispatcher, startOfStore, next));
    expect(error, "what comes out").toMatchObject({ name: "CheckpointMoved" });
    expect(await outcome(), "guest and checkpoint").toMatchObject({
      guest: charged,
      checkpoint: next.checkpoint,
    });
  });
});

describe("a dispatcher that starts again", () => {
  costs(
    "each deployment replays the year, and 41,000 guests get the mail that their room is released",
  );

  it("goes on behind its checkpoint, and sends nothing that it has sent", async () => {
    story({
      given: [...given, "a dispatcher has sent all there was, and ended"],
      when: "a new one of that name starts, with nothing new to do",
      wanted: "1 event, then 0: it asks no guest, hotel or reservation, and schedules nothing",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    await firstOf(database.setUpPool, reservationId);
    const store = postgresEventStore(database.pool);
    expect(await dispatchAll({ pool: database.pool, store, name }), "events dispatched").toBe(1);
    await database.setUpPool.query("delete from scheduled_messages");
    const { store: watched, asked } = listening(store);
    const more = await dispatchAll({ pool: database.newPool(), store: watched, name });
    expect(more, "events dispatched by the new one").toBe(0);
    expect([...asked], "the streams that were loaded to send commands").toEqual([]);
    expect(await scheduledIn(database.setUpPool), "what was scheduled").toEqual([]);
  });
});
