import { describe, expect, it } from "vitest";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { interveningStore } from "../../shared/testing/intervening-store.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import {
  cancel,
  cancelled,
  changedAt,
  changeStay,
  confirm,
  confirmed,
  create,
  created,
  euros,
  reservationId,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import type {
  ReservationCommand,
  ReservationEvent,
  StayChanged,
} from "../01-aggregate/reservation-types.ts";
import { backoffDelay, firstDelay, longestDelay } from "./back-off.ts";
import { attemptCommand, handleCommand, newEvents } from "./command-handler.ts";
import type { CommandEnvelope } from "./command-types.ts";
import { load } from "./repository.ts";

const streamId = reservationId;

/** What somebody else does meanwhile: a night more, from the same arrival. */
const extended: StayChanged = {
  type: "StayChanged",
  data: {
    reservationId,
    from: twoNights,
    to: { arrival: "2030-05-01", departure: "2030-05-04" },
    total: euros(360),
    changedAt,
  },
};

const createReservation = delivered(1, create);
const confirmReservation = delivered(2, confirm);
const changeTheStay = delivered(3, changeStay);
const cancelReservation = delivered(4, cancel);

describe("loading a reservation", () => {
  it("gives the state, and the version at which it was read", async () => {
    const store = await storeWith([created, confirmed, extended]);
    expect(await load(store, streamId)).toMatchObject({
      state: { status: "confirmed", total: euros(360) },
      version: 3,
    });
  });

  it("of which there is none gives no reservation at version 0", async () => {
    expect(await load(inMemoryEventStore(), streamId)).toEqual({
      state: { status: "none" },
      version: 0,
      earlier: [],
    });
  });

  it("reads what is stored now, not what it has read before", async () => {
    const store = await storeWith([created]);
    const before = await load(store, streamId);
    await append(store, cancelled);
    const after = await load(store, streamId);
    expect([before.state.status, after.state.status]).toEqual(["pending", "cancelled"]);
  });

  it("picks out the events that an earlier delivery of the command has stored", async () => {
    const store = await storeWith([created]);
    await append(store, newEvent(confirmed, { metadata: { commandId: confirmReservation.id } }));
    await append(store, newEvent(cancelled, { metadata: { commandId: cancelReservation.id } }));
    const { earlier } = await load(store, streamId, confirmReservation.id);
    expect(earlier).toMatchObject([{ ...confirmed, version: 2, position: 2n }]);
  });

  it("picks out nothing when no command is about to be decided", async () => {
    const store = await storeWith([created]);
    expect((await load(store, streamId)).earlier).toEqual([]);
  });

  it("folds while it reads: a gap is refused where it comes, and nothing read after it", async () => {
    const [first, , third, fourth] = recorded(streamId, [created, confirmed, extended, cancelled]);
    let read = 0;
    const store = storeOf([first, third, fourth], () => {
      read += 1;
    });
    const error = await failureOf(load(store, streamId));
    expect(error).toMatchObject({ name: "InvalidHistory", reason: "gap", actualVersion: 3 });
    expect(read).toBe(2);
  });

  it("refuses an event that this code does not know", async () => {
    const unknown = { type: "ReservationArchived", data: { reservationId: streamId } };
    const error = await failureOf(load(storeOf(recorded(streamId, [unknown])), streamId));
    expect(error).toMatchObject({ name: "UnknownEventType", type: "ReservationArchived" });
  });
});

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

describe("one attempt at a command", () => {
  it("begins a stream", async () => {
    const store = inMemoryEventStore();
    expect(await attemptCommand(store, createReservation)).toMatchObject({
      streamId,
      version: 1,
      position: 1n,
      events: [created],
      repeated: false,
    });
    expect(await storedIn(store)).toMatchObject([created]);
  });

  it("appends after what is there", async () => {
    const store = await storeWith([created]);
    const { version, events } = await attemptCommand(store, confirmReservation);
    expect({ version, events }).toMatchObject({ version: 2, events: [confirmed] });
    expect(await storedIn(store)).toMatchObject([created, confirmed]);
  });

  it("stores its ids beside the event", async () => {
    const store = await storeWith([created]);
    await attemptCommand(store, { ...confirmReservation, correlationId: "request-7" });
    expect((await storedIn(store))[1]?.metadata).toMatchObject({
      commandId: confirmReservation.id,
      correlationId: "request-7",
    });
  });

  it("that decides nothing appends nothing", async () => {
    const store = interveningStore(await storeWith([created, confirmed]));
    expect(await attemptCommand(store, confirmReservation)).toEqual({
      streamId,
      version: 2,
      events: [],
      repeated: false,
    });
    expect(store.count.appends).toBe(0);
  });

  it("that the domain refuses appends nothing", async () => {
    const store = interveningStore(await storeWith([created, cancelled]));
    const error = await failureOf(attemptCommand(store, confirmReservation));
    expect(error).toMatchObject({ name: "DomainError", code: "reservation-cancelled" });
    expect(store.count.appends).toBe(0);
  });

  it("that somebody else overtakes is a conflict, and writes nothing", async () => {
    const inner = await storeWith([created]);
    const store = interveningStore(inner, { beforeAppend: () => append(inner, cancelled) });
    const error = await failureOf(attemptCommand(store, confirmReservation));
    expect(error).toMatchObject({ name: "ConcurrencyConflict", expected: 1, actual: 2 });
    expect(await storedIn(inner)).toMatchObject([created, cancelled]);
  });
});

describe("a command that comes a second time", () => {
  it("gets the answer of the first, and writes nothing", async () => {
    const store = await storeWith([created]);
    const first = await attemptCommand(store, confirmReservation);
    await append(store, extended);
    const second = await attemptCommand(store, confirmReservation);
    expect(second).toMatchObject({ ...first, repeated: true });
    expect(await storedIn(store)).toHaveLength(3);
  });

  it("gets it even where deciding now would be refused", async () => {
    const store = await storeWith([created]);
    const first = await attemptCommand(store, confirmReservation);
    await append(store, cancelled);
    const second = await attemptCommand(store, confirmReservation);
    expect(second).toMatchObject({ ...first, repeated: true });
  });

  it("gets it even where deciding now would decide something else", async () => {
    const store = await storeWith([created]);
    await attemptCommand(store, changeTheStay);
    await append(store, extended);
    const second = await attemptCommand(store, changeTheStay);
    expect(second).toMatchObject({ version: 2, repeated: true });
    expect(await storedIn(store)).toHaveLength(3);
  });

  it("while the first is on its way gets the answer of the one that was faster", async () => {
    const inner = await storeWith([created]);
    // Both load version 1. Before the slower one appends, the stay is changed and the faster one,
    // which loads version 2, is through: it moves the guest from other dates than the slower thinks.
    const store = interveningStore(inner, {
      beforeAppend: async () => {
        await append(inner, extended);
        await attemptCommand(inner, changeTheStay);
      },
    });
    const slower = await attemptCommand(store, changeTheStay);
    const stored = await storedIn(inner);
    expect(stored).toHaveLength(3);
    expect(slower).toMatchObject({
      version: 3,
      position: 3n,
      events: [{ data: stored[2]?.data }],
      repeated: true,
    });
  });

  it("for another reservation is refused: its id names one command only", async () => {
    const store = await storeWith([created]);
    await attemptCommand(store, confirmReservation);
    const other = "reservation-2";
    const data = { ...created.data, reservationId: other };
    await store.append(other, [newEvent({ type: "ReservationCreated", data })], 0);
    const error = await failureOf(
      attemptCommand(store, {
        ...confirmReservation,
        command: { ...confirm, data: { ...confirm.data, reservationId: other } },
      }),
    );
    expect(error).toMatchObject({ name: "DuplicateEvent" });
  });
});

describe("the wait before the next attempt", () => {
  it("is at the most twice as long each time", () => {
    const almostOne = () => 1 - Number.EPSILON;
    const longest = [1, 2, 3, 4].map((attempt) => Math.round(backoffDelay(attempt, almostOne)));
    expect(longest).toEqual([firstDelay, 2 * firstDelay, 4 * firstDelay, 8 * firstDelay]);
  });

  it("is any part of that, by chance", () => {
    const parts = [0, 0.25, 0.5].map((part) => backoffDelay(2, () => part));
    expect(parts).toEqual([0, firstDelay / 2, firstDelay]);
  });

  it("is never longer than the limit", () => {
    const half = () => 0.5;
    expect([20, 200, 2_000].map((attempt) => backoffDelay(attempt, half))).toEqual([
      longestDelay / 2,
      longestDelay / 2,
      longestDelay / 2,
    ]);
  });
});

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
    const changes = (await storedIn(store)).slice(1);
    const arrivals = changes.map(({ data }) => data as { from: unknown; to: unknown });
    expect(arrivals.map(({ from }) => from)).toEqual([
      twoNights,
      ...arrivals.slice(0, -1).map(({ to }) => to),
    ]);
  });
});

class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** A command in an envelope whose id ends with the given number. */
function delivered(number: number, command: ReservationCommand): CommandEnvelope {
  return { id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`, command };
}

async function append(store: EventStore, event: ReservationEvent | NewEvent): Promise<void> {
  await store.append(streamId, ["id" in event ? event : newEvent(event)], "any");
}

async function storeWith(events: readonly ReservationEvent[]): Promise<EventStore> {
  const store = inMemoryEventStore();
  await store.append(
    streamId,
    events.map((event) => newEvent(event)),
    0,
  );
  return store;
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

/** A store that reads back this history, whatever was appended. */
function storeOf(
  history: readonly (EventEnvelope | undefined)[],
  onRead: () => void = () => undefined,
): EventStore {
  return {
    ...inMemoryEventStore(),
    async *readStream() {
      for (const event of history) {
        onRead();
        if (event) yield event;
      }
    },
  };
}

async function storedIn(store: EventStore): Promise<readonly EventEnvelope[]> {
  const events: EventEnvelope[] = [];
  for await (const event of store.readStream(streamId)) events.push(event);
  return events;
}

function noWait() {
  const waits: number[] = [];
  const wait = async (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
  };
  return { waits, options: { wait } };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => ({ name: "no error", value }),
    (error: unknown) => error,
  );
}
