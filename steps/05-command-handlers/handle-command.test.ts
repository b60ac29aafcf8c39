import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  append,
  changeTheStay,
  confirmReservation,
  createReservation,
  delivered,
  extended,
  storedIn,
  storeWith,
} from "../../shared/testing/command-handling.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { rejectionOf } from "../../shared/testing/refusal.ts";
import {
  cancelled,
  changedAt,
  confirmed,
  created,
  reservationId,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { firstDelay } from "./back-off.ts";
import { handleCommand } from "./command-handler.ts";

describe("handling a command", () => {
  costs("guests read of conflicts that they have nothing to do with, and book elsewhere");

  it("that nobody disturbs takes one attempt and no wait", async () => {
    story({
      given: "v1 created",
      when: "ConfirmReservation, and nobody else is there",
      wanted: "v2 confirmed, after 1 attempt and no wait; repeated: false",
      costs: "every command takes the time of a wait that nobody needs",
    });
    const { waits, options } = noWait();
    const result = await handleCommand(await storeWith([created]), confirmReservation, options);
    expect(result, "the answer").toMatchObject({
      version: 2,
      events: [confirmed],
      attempts: 1,
      repeated: false,
    });
    expect(waits, "the waits").toEqual([]);
  });

  it("that somebody else overtakes decides anew, with the new fact in sight", async () => {
    story({
      given: "v1 created, 05-01 → 05-03; before the first append comes v2, to 05-01 → 05-04",
      when: "ChangeStay to 05-02 → 05-05",
      wanted: "v3, at attempt 2, which loads again: from 05-01 → 05-04, not from 05-03",
      costs: "the change says that it moved the guest from dates that were no more",
    });
    const inner = await storeWith([created]);
    const store = interveningStore(inner, {
      beforeAppend: (nth) => (nth === 1 ? append(inner, extended) : undefined),
    });
    const handled = handleCommand(store, changeTheStay, noWait().options);
    const result = await store.untilTired(handled);
    expect(result, "the answer").toMatchObject({ version: 3, attempts: 2, repeated: false });
    expect(result.events, "its events").toMatchObject([
      { data: { from: { departure: "2030-05-04" } } },
    ]);
  });

  it("may be refused when it decides anew", async () => {
    story({
      given: "v1 created; before the first append somebody else stores v2 cancelled",
      when: "ConfirmReservation",
      wanted: "attempt 2 is refused: reservation-cancelled; the stream: v1 created, v2 cancelled",
      costs: "the room was given to somebody else, and two guests arrive for it",
    });
    const inner = await storeWith([created]);
    const store = interveningStore(inner, {
      beforeAppend: (nth) => (nth === 1 ? append(inner, cancelled) : undefined),
    });
    const handled = handleCommand(store, confirmReservation, noWait().options);
    const error = await rejectionOf(store.untilTired(handled));
    expect(error).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
    expect(await storedIn(inner), "the stream").toMatchObject([created, cancelled]);
  });

  it("waits after each conflict, as backoffDelay says", async () => {
    story({
      given: "v1 created; somebody else appends first, three times; random gives 0.5",
      when: "ConfirmReservation",
      wanted: "attempt 4 is stored, after waits of 5, 10 and 20 ms",
      costs: "those who collided come back at the same moment, and collide again",
    });
    const inner = await storeWith([created]);
    const store = interveningStore(inner, {
      beforeAppend: (nth) => (nth <= 3 ? append(inner, extended) : undefined),
    });
    const { waits, options } = noWait();
    const handled = handleCommand(store, confirmReservation, { ...options, random: () => 0.5 });
    const { attempts } = await store.untilTired(handled);
    expect(attempts, "attempts").toBe(4);
    expect(waits, "the waits").toEqual([firstDelay / 2, firstDelay, 2 * firstDelay]);
  });

  it("gives up after five attempts, and hands the conflict on", async () => {
    story({
      given: "v1 created; before each append somebody else appends an event",
      when: "ConfirmReservation",
      wanted: "after 5 attempts and 4 waits ConcurrencyConflict, expected 5, actual 6",
      costs: "it tries all weekend, 1,400 times a second, and nobody else gets a connection",
    });
    const { store, inner } = await alwaysOvertaken();
    const { waits, options } = noWait();
    const handled = handleCommand(store, confirmReservation, options);
    const error = await rejectionOf(store.untilTired(handled));
    expect(error).toMatchObject({ name: "ConcurrencyConflict", expected: 5, actual: 6 });
    const used = { attempts: store.count.appends, waits: waits.length };
    expect(used, "what it took").toEqual({ attempts: 5, waits: 4 });
    const confirmations = (await storedIn(inner)).filter(({ type }) => type === confirmed.type);
    expect(confirmations, "confirmations in the stream").toEqual([]);
  });

  it("gives up after as many attempts as the caller wants", async () => {
    story({
      given: "v1 created; before each append somebody else appends an event",
      when: "ConfirmReservation, with maxAttempts: 2",
      wanted: "after 2 attempts ConcurrencyConflict, expected 2, actual 3",
      costs: "a request that has to answer within a second keeps the guest waiting for three",
    });
    const { store } = await alwaysOvertaken();
    const options = { ...noWait().options, maxAttempts: 2 };
    const handled = handleCommand(store, confirmReservation, options);
    const error = await rejectionOf(store.untilTired(handled));
    expect(error).toMatchObject({ name: "ConcurrencyConflict", expected: 2, actual: 3 });
    expect(store.count.appends, "attempts").toBe(2);
  });

  it("never tries again what the domain has refused", async () => {
    story({
      given: "v1 created, v2 cancelled",
      when: "ConfirmReservation",
      wanted: "the DomainError reservation-cancelled, at once: no wait, and no further attempt",
      costs: "it asks 1,400 times a second whether a cancelled one may be confirmed, all weekend",
    });
    const store = interveningStore(await storeWith([created, cancelled]));
    const { waits, options } = noWait();
    const handled = handleCommand(store, confirmReservation, options);
    const error = await rejectionOf(store.untilTired(handled));
    expect(error).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
    expect(waits.length, "waits before another attempt").toBe(0);
    // One load to decide; and perhaps one to look whether the command was done before.
    expect(store.count.reads, "loads").toBeLessThanOrEqual(2);
  });

  it("never tries again what failed for another reason", async () => {
    story({
      given: "v1 created; the append throws ConnectionLost",
      when: "ConfirmReservation",
      wanted: "ConnectionLost reaches the caller, after 1 attempt",
      costs: "the database is in trouble, and everybody asks it five times instead of once",
    });
    const store = interveningStore(await storeWith([created]), {
      beforeAppend: () => Promise.reject(new ConnectionLost()),
    });
    const handled = handleCommand(store, confirmReservation, noWait().options);
    const error = await rejectionOf(store.untilTired(handled));
    expect(error).toMatchObject({ name: "ConnectionLost" });
    expect(store.count.appends, "attempts").toBe(1);
  });

  it("whose answer was lost is harmless to send again", async () => {
    story({
      given: "v1 created; v2 confirmed is stored, and ConnectionLost comes for an answer",
      when: "the caller sends the same ConfirmReservation again",
      wanted: "version 2, its event, 1 attempt, repeated: true; the stream: v1, v2",
      costs: "the answer dies in a tunnel, the phone sends it again, and the guest pays twice",
    });
    const inner = await storeWith([created]);
    const crashing = interveningStore(inner, {
      afterAppend: () => Promise.reject(new ConnectionLost()),
    });
    const handled = handleCommand(crashing, confirmReservation, noWait().options);
    const error = await rejectionOf(crashing.untilTired(handled));
    expect(error).toMatchObject({ name: "ConnectionLost" });
    const again = await handleCommand(inner, confirmReservation, noWait().options);
    expect(again, "the second answer").toMatchObject({
      version: 2,
      events: [confirmed],
      attempts: 1,
      repeated: true,
    });
    expect(await storedIn(inner), "the stream").toMatchObject([created, confirmed]);
  });
});

describe("handling commands on PostgreSQL", () => {
  costs("what was true in memory is not on the database: a booking that is lost, or doubled");
  const database = useDatabase(4);

  it("stores what was decided and answers with its position", async () => {
    story({
      given: "an empty store on PostgreSQL",
      when: "CreateReservation, then ConfirmReservation",
      wanted: "v1 created, v2 confirmed; the second answer has version 2 and the position of v2",
    });
    const store = postgresEventStore(database.pool);
    await handleCommand(store, createReservation);
    const result = await handleCommand(store, confirmReservation);
    const stored = await storedIn(store);
    expect(stored, "the stream").toMatchObject([created, confirmed]);
    expect(result, "the answer").toMatchObject({
      version: 2,
      position: stored[1]?.position,
      attempts: 1,
    });
  });

  it("stores a command once that is delivered five times at once", async () => {
    story({
      given: "v1 created, on PostgreSQL",
      when: "the same ConfirmReservation arrives five times at once",
      wanted: "one v2 confirmed; five answers with version 2, four of them repeated: true",
    });
    const store = postgresEventStore(database.pool);
    await append(store, created);
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map(() => handleCommand(store, confirmReservation)),
    );
    expect(await storedIn(store), "the stream").toMatchObject([created, confirmed]);
    const versions = results.map((result) => result.version);
    expect(versions, "the versions in the answers").toEqual([2, 2, 2, 2, 2]);
    const repeated = results.map((result) => result.repeated).sort();
    expect(repeated, "repeated in the answers").toEqual([false, true, true, true, true]);
  });

  it("lets four guests' changes of one stream all through, one after the other", async () => {
    story({
      given: "v1 created, 05-01 → 05-03, on PostgreSQL",
      when: "four ChangeStay at once: to 06-01 → 06-02, 06-02 → 06-03 ... 06-04 → 06-05",
      wanted: "v2 to v5; each change is from the stay that the one before it has left",
      costs: "on a busy evening the change of one guest erases that of another, without a word",
    });
    const store = postgresEventStore(database.pool);
    await append(store, created);
    const results = await Promise.all(
      [1, 2, 3, 4].map((day) =>
        handleCommand(
          store,
          delivered(10 + day, {
            type: "ChangeStay",
            data: {
              reservationId,
              stay: { arrival: `2030-06-0${day}`, departure: `2030-06-0${day + 1}` },
              now: changedAt,
            },
          }),
        ),
      ),
    );
    const versions = results.map((result) => result.version).sort();
    expect(versions, "the versions in the answers").toEqual([2, 3, 4, 5]);
    const changes = (await storedIn(store)).flatMap((event) =>
      event.type === "StayChanged" ? [event.data] : [],
    );
    const froms = changes.map(({ from }) => from);
    expect(froms, "where each change comes from").toEqual([
      twoNights,
      ...changes.slice(0, -1).map(({ to }) => to),
    ]);
  });
});

class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** A store in which somebody else appends just before each append. */
async function alwaysOvertaken() {
  const inner = await storeWith([created]);
  const store = interveningStore(inner, { beforeAppend: () => append(inner, extended) });
  return { inner, store };
}

/** Waits that are over at once. They count when they are over, so that one which nobody awaits is missed. */
function noWait() {
  const waits: number[] = [];
  const wait = async (milliseconds: number): Promise<void> => {
    await setImmediate();
    waits.push(milliseconds);
  };
  return { waits, options: { wait } };
}
