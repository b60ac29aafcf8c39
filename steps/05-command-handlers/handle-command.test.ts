import { describe, expect, it } from "vitest";
import {
  append,
  changeTheStay,
  confirmReservation,
  createReservation,
  delivered,
  extended,
  failureOf,
  storedIn,
  storeWith,
} from "../../shared/testing/command-handling.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import {
  cancelled,
  changedAt,
  confirmed,
  created,
  reservationId,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { firstDelay } from "./back-off.ts";
import { handleCommand } from "./command-handler.ts";

describe("handling a command", () => {
  it("that nobody disturbs takes one attempt and no wait", async () => {
    const { waits, options } = noWait();
    const result = await handleCommand(await storeWith([created]), confirmReservation, options);
    expect(result).toMatchObject({ version: 2, events: [confirmed], attempts: 1, repeated: false });
    expect(waits).toEqual([]);
  });

  it("that somebody else overtakes decides anew, with the new fact in sight", async () => {
    const inner = await storeWith([created]);
    const store = interveningStore(inner, {
      beforeAppend: (nth) => (nth === 1 ? append(inner, extended) : undefined),
    });
    const result = await handleCommand(store, changeTheStay, noWait().options);
    expect(result).toMatchObject({ version: 3, attempts: 2, repeated: false });
    expect(result.events).toMatchObject([{ data: { from: { departure: "2030-05-04" } } }]);
  });

  it("may be refused when it decides anew", async () => {
    const inner = await storeWith([created]);
    const store = interveningStore(inner, {
      beforeAppend: (nth) => (nth === 1 ? append(inner, cancelled) : undefined),
    });
    const error = await failureOf(handleCommand(store, confirmReservation, noWait().options));
    expect(error).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
    expect(await storedIn(inner)).toMatchObject([created, cancelled]);
  });

  it("waits after each conflict, as backoffDelay says", async () => {
    const inner = await storeWith([created]);
    const store = interveningStore(inner, {
      beforeAppend: (nth) => (nth <= 3 ? append(inner, extended) : undefined),
    });
    const { waits, options } = noWait();
    const { attempts } = await handleCommand(store, confirmReservation, {
      ...options,
      random: () => 0.5,
    });
    expect(attempts).toBe(4);
    expect(waits).toEqual([firstDelay / 2, firstDelay, 2 * firstDelay]);
  });

  it("gives up after five attempts, and hands the conflict on", async () => {
    const { store, inner } = await alwaysOvertaken();
    const { waits, options } = noWait();
    const error = await failureOf(handleCommand(store, confirmReservation, options));
    expect(error).toMatchObject({ name: "ConcurrencyConflict", expected: 5, actual: 6 });
    expect({ attempts: store.count.appends, waits: waits.length }).toEqual({
      attempts: 5,
      waits: 4,
    });
    expect(await storedIn(inner)).not.toContainEqual(expect.objectContaining(confirmed));
  });

  it("gives up after as many attempts as the caller wants", async () => {
    const { store } = await alwaysOvertaken();
    const options = { ...noWait().options, maxAttempts: 2 };
    const error = await failureOf(handleCommand(store, confirmReservation, options));
    expect(error).toMatchObject({ name: "ConcurrencyConflict", expected: 2, actual: 3 });
    expect(store.count.appends).toBe(2);
  });

  it("never tries again what the domain has refused", async () => {
    const store = interveningStore(await storeWith([created, cancelled]));
    const { waits, options } = noWait();
    const error = await failureOf(handleCommand(store, confirmReservation, options));
    expect(error).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
    expect({ reads: store.count.reads, waits }).toEqual({ reads: 1, waits: [] });
  });

  it("never tries again what failed for another reason", async () => {
    const store = interveningStore(await storeWith([created]), {
      beforeAppend: () => Promise.reject(new ConnectionLost()),
    });
    const error = await failureOf(handleCommand(store, confirmReservation, noWait().options));
    expect(error).toMatchObject({ name: "ConnectionLost" });
    expect(store.count.appends).toBe(1);
  });

  it("whose answer was lost is harmless to send again", async () => {
    const inner = await storeWith([created]);
    const crashing = interveningStore(inner, {
      afterAppend: () => Promise.reject(new ConnectionLost()),
    });
    const error = await failureOf(handleCommand(crashing, confirmReservation, noWait().options));
    expect(error).toMatchObject({ name: "ConnectionLost" });
    const again = await handleCommand(inner, confirmReservation, noWait().options);
    expect(again).toMatchObject({ version: 2, events: [confirmed], attempts: 1, repeated: true });
    expect(await storedIn(inner)).toMatchObject([created, confirmed]);
  });
});

describe("handling commands on PostgreSQL", () => {
  const database = useDatabase(4);

  it("stores what was decided and answers with its position", async () => {
    const store = postgresEventStore(database.pool);
    await handleCommand(store, createReservation);
    const result = await handleCommand(store, confirmReservation);
    const stored = await storedIn(store);
    expect(stored).toMatchObject([created, confirmed]);
    expect(result).toMatchObject({ version: 2, position: stored[1]?.position, attempts: 1 });
  });

  it("stores a command once that is delivered five times at once", async () => {
    const store = postgresEventStore(database.pool);
    await append(store, created);
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map(() => handleCommand(store, confirmReservation)),
    );
    expect(await storedIn(store)).toMatchObject([created, confirmed]);
    expect(results.map((result) => result.version)).toEqual([2, 2, 2, 2, 2]);
    expect(results.filter((result) => !result.repeated)).toHaveLength(1);
  });

  it("lets four guests' changes of one stream all through, one after the other", async () => {
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
    expect(results.map((result) => result.version).sort()).toEqual([2, 3, 4, 5]);
    const changes = (await storedIn(store)).flatMap((event) =>
      event.type === "StayChanged" ? [event.data] : [],
    );
    expect(changes.map(({ from }) => from)).toEqual([
      twoNights,
      ...changes.slice(0, -1).map(({ to }) => to),
    ]);
  });
});

class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** A store in which somebody else appends just before each append, a hundred times. */
async function alwaysOvertaken() {
  const inner = await storeWith([created]);
  const store = interveningStore(inner, {
    beforeAppend: (nth) =>
      nth > 100 ? Promise.reject(new ConnectionLost()) : append(inner, extended),
  });
  return { inner, store };
}

function noWait() {
  const waits: number[] = [];
  const wait = async (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
  };
  return { waits, options: { wait } };
}
