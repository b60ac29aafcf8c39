import { afterEach, describe, expect, it } from "vitest";
import {
  ConcurrencyConflict,
  DomainError,
  DuplicateEvent,
  InvalidEvent,
} from "../../shared/kernel/errors.ts";
import { answered, thrownBy } from "../../shared/testing/api.ts";
import { quietPool } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { hashOf, now, useServers } from "../../shared/testing/system.ts";
import { soon } from "../../shared/testing/waiting.ts";
import {
  type Checkpoint,
  type CommittedEvent,
  startOfStore,
} from "../../solutions/06-publishing/commit-order.ts";
import { createBell } from "../../solutions/06-publishing/wake-up.ts";
import { project } from "../../solutions/08-projections/projection.ts";
import { accepted, type CommandAccepted } from "../../solutions/13-cqrs-demo/answers.ts";
import { apiSchema } from "./api-schema.ts";
import { type Live, openLive } from "./live.ts";
import { answerTo, eventsAfter, reservationPage, withReservation } from "./resolvers.ts";

const test = useServers();
const ids = { commandId: "c-1", correlationId: "r-1" };

/** Reservations with these arrivals in the store and in the read model. */
async function reservations(count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const reservationId = `reservation-${number}`;
    const stay = { arrival: `2030-05-0${number}`, departure: "2030-05-12" };
    const data = { ...created.data, reservationId, stay, guestId: number === 2 ? "ben" : "ada" };
    await test.store().append(reservationId, [newEvent({ type: "ReservationCreated", data })], 0);
  }
  for await (const event of test.store().readAll()) {
    await project(test.database.setUpPool, test.store(), event);
  }
}

describe("a page of reservations", () => {
  costs("one query for a million rows at nine in the morning, and the desk waits for the database");

  it("ends where the next one begins, and each reservation is on one of them", async () => {
    story({
      given: "five reservations",
      when: "they are asked for in pages of two",
      wanted: "1 and 2, 3 and 4, then 5 with no next page",
    });
    await reservations(5);
    const pages: string[][] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof reservationPage>> = await reservationPage(
        test.database.pool,
        {},
        { first: 2, after },
      );
      pages.push(page.nodes.map(({ reservationId }) => reservationId));
      after = page.next;
    } while (after !== null && pages.length < 5);
    expect(pages).toEqual([
      ["reservation-1", "reservation-2"],
      ["reservation-3", "reservation-4"],
      ["reservation-5"],
    ]);
  });

  it("has what the filter says, and no more", async () => {
    story({
      given: "three reservations, one of them ben's",
      when: "ben's are asked for, and confirmed ones",
      wanted: "reservation-2, and none",
    });
    await reservations(3);
    const { nodes } = await reservationPage(test.database.pool, { guestId: "ben" }, { first: 10 });
    expect(nodes.map(({ reservationId }) => reservationId)).toEqual(["reservation-2"]);
    const confirmed = await reservationPage(
      test.database.pool,
      { status: "confirmed" },
      { first: 10 },
    );
    expect(confirmed).toEqual({ nodes: [], next: null });
  });

  it.each([0, -1, 101, 1_000_000])(
    "of %i is refused before the database is asked",
    async (first) => {
      story({
        when: `a page of ${first} is asked for, of a database that must not be asked`,
        wanted: "refused: PAGE_TOO_LARGE",
      });
      const noDatabase = { query: () => Promise.reject(new Error("the database was asked")) };
      const refused = await thrownBy(() => reservationPage(noDatabase, {}, { first }));
      expect(refused).toMatchObject({ extensions: { code: "PAGE_TOO_LARGE" } });
    },
  );

  it("after a cursor that is none is refused", async () => {
    story({ when: "the cursor is text that somebody made up", wanted: "refused: BAD_USER_INPUT" });
    const refused = await thrownBy(() =>
      reservationPage(test.database.pool, {}, { first: 2, after: "bm8gY3Vyc29y" }),
    );
    expect(refused).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
  });

  it("is read with nothing written, as every query is", async () => {
    story({
      given: "three reservations, and connections that may only read",
      when: "every query of the schema is sent once",
      wanted: "an answer to each, and a database that holds what it held",
    });
    await reservations(3);
    const before = await hashOf(test.database.setUpPool);
    const readModel = quietPool({
      connectionString: test.database.url,
      options: "-c default_transaction_read_only=on",
    });
    const live = openLive(readModel);
    opened.push(live);
    const context = { system: { readModel, store: live.store }, live, now, ...ids };
    const { signal } = new AbortController();
    const queries = `{
      reservation(id: "reservation-1") { id status }
      reservations(filter: { guestId: "ada" }) { nodes { id } next }
      occupancy(hotelId: "hotel-1", from: "2030-05-01", to: "2030-05-02") { night rooms }
      guest(id: "ada") { id reservations { nodes { id } } }
      comparison(reservationId: "reservation-1") { rowVersion storeVersion }
      history(streamId: "reservation-1") { entries { version state } }
      stateBefore(reservationId: "reservation-1", time: "2030-01-01T00:00:00.000Z") { version }
    }`;
    const data = await answered(apiSchema(), { ...context, signal }, queries);
    expect(data).toMatchObject({
      reservations: { nodes: [{ id: "reservation-1" }, { id: "reservation-3" }] },
      guest: { reservations: { nodes: [{ id: "reservation-1" }, { id: "reservation-3" }] } },
    });
    expect(await hashOf(test.database.setUpPool), "what the read model holds").toBe(before);
  });
});

describe("the answer to a command", () => {
  costs("the page shows a stack trace with the database's address, or `failed` where it was done");

  it("that was stored says what, and where", async () => {
    story({
      when: "a command was stored at version 2, position 7",
      wanted: "CommandAccepted with its ids, version, position and the types of its events",
    });
    const outcome = { streamId: "s", version: 2, position: 7n, events: [created], repeated: false };
    expect(await answerTo(ids, async () => outcome)).toEqual({
      __typename: "CommandAccepted",
      ...ids,
      streamId: "s",
      version: 2,
      position: 7n,
      events: ["ReservationCreated"],
      repeated: false,
    });
  });

  it.each([
    [
      "the domain refuses",
      new DomainError("reservation-cancelled", "no"),
      "reservation-cancelled",
      null,
    ],
    [
      "holds what cannot be stored",
      new InvalidEvent("data.reason", "has NUL"),
      "invalid-event",
      "data.reason",
    ],
    ["has another's id", new DuplicateEvent("e-1"), "command-id-used", "options.commandId"],
  ] as const)("that %s says so, with a code and the field", async (_, error, code, field) => {
    story({ when: `it fails with ${error.name}`, wanted: `CommandRefused, ${code}` });
    const answer = await answerTo(ids, () => Promise.reject(error));
    expect(answer).toMatchObject({ __typename: "CommandRefused", code, field });
  });

  it("that came too late says which version there is", async () => {
    story({ when: "it fails with ConcurrencyConflict, 1 and 2", wanted: "Conflict, 1 and 2" });
    const error = new ConcurrencyConflict("reservation-1", 1, 2);
    expect(await answerTo(ids, () => Promise.reject(error))).toMatchObject({
      __typename: "Conflict",
      streamId: "reservation-1",
      expected: 1,
      actual: 2,
    });
  });

  it("is none where the fault is ours: that is thrown, to be masked and logged", async () => {
    story({
      when: "it fails because the database has gone",
      wanted: "the error itself, not a refusal that tells it to everybody",
    });
    const error = new Error("connect ECONNREFUSED 10.0.0.7:5432");
    expect(await thrownBy(() => answerTo(ids, () => Promise.reject(error)))).toBe(error);
  });
});

describe("an answer with the read model's row", () => {
  costs("she cancels, the page says `confirmed`, she cancels again and calls the desk");

  const stored: CommandAccepted = accepted(ids, {
    streamId: "reservation-1",
    version: 1,
    events: [created],
    repeated: false,
  });

  it("waits until the row has the command's version", async () => {
    story({
      given: "v1 created, stored and not projected yet",
      when: "the answer is asked for, and then it is projected",
      wanted: "the answer with the row, pending",
    });
    const { reservationId } = created.data;
    const data = { ...created.data, reservationId };
    await test.store().append(reservationId, [newEvent({ type: "ReservationCreated", data })], 0);
    let isAnswered = false;
    const answer = withReservation(test.database.pool, stored).finally(() => {
      isAnswered = true;
    });
    answer.catch(() => undefined);
    // What answers without waiting has had the time for it: three queries on another connection.
    for (let look = 0; look < 3; look += 1) await test.database.setUpPool.query("select 1");
    const tooEarly = isAnswered;
    for await (const event of test.store().readAll()) {
      await project(test.database.setUpPool, test.store(), event);
    }
    const { reservation, readModelBehind } = await soon(answer, "no answer comes");
    expect([tooEarly, readModelBehind]).toEqual([false, undefined]);
    expect(reservation).toMatchObject({ reservationId, status: "pending" });
  });

  it("says how far the read model is, when that does not come in time", async () => {
    story({
      given: "a projection that stands still at version 0",
      when: "the answer is asked for, with 50 ms to wait",
      wanted: "accepted all the same, with readModelBehind: wanted 1, reached 0",
    });
    const answer = await soon(withReservation(test.database.pool, stored, 50), "no answer comes");
    expect(answer).toEqual({ ...stored, readModelBehind: { wanted: 1, reached: 0 } });
  });

  it("fails where the database does", async () => {
    story({
      given: "no database",
      when: "the answer is asked for",
      wanted: "the database's error",
    });
    const pool = quietPool({ connectionString: test.database.url });
    await pool.end();
    const error = await thrownBy(() => withReservation(pool, stored, 50));
    expect(String(error)).toContain("pool");
  });
});

describe("a subscription to all events", () => {
  costs("the board at the desk misses one of a thousand arrivals, and nobody can say which");

  it("gets what there is and what comes, each once and in order", async () => {
    story({
      given: "two stored events",
      when: "somebody subscribes, and two more are stored while it reads and while it waits",
      wanted: "1, 2, 3, 4",
    });
    const source = scripted();
    source.store(2);
    const subscriber = read(source);
    await soon(subscriber.has(2), "the stored events do not come");
    source.store(1);
    await soon(subscriber.has(3), "an event that is stored while it waits does not come");
    source.store(1);
    await soon(subscriber.has(4), "a second one does not come");
    expect(subscriber.seen).toEqual([1, 2, 3, 4]);
  });

  it("gets what is stored between its look and its wait", async () => {
    story({
      given: "one stored event",
      when: "another is stored just as the first look ends, and the bell rings then and never again",
      wanted: "1, 2",
    });
    const source = scripted();
    source.store(1);
    source.afterRead(1, () => source.store(1));
    const subscriber = read(source);
    await soon(subscriber.has(2), "what was stored while it looked does not come");
    expect(subscriber.seen).toEqual([1, 2]);
  });

  it("gets what is stored before its first look is over", async () => {
    story({
      given: "an empty store",
      when: "the first event is stored while the first look is under way, and the look does not see it",
      wanted: "1",
    });
    const source = scripted();
    source.afterRead(1, () => source.store(1));
    const subscriber = read(source);
    await soon(subscriber.has(1), "what was stored during the first look does not come");
    expect(subscriber.seen).toEqual([1]);
  });

  it("begins behind a cursor", async () => {
    story({
      given: "five stored events",
      when: "somebody who has seen three subscribes behind the third",
      wanted: "4, 5",
    });
    const source = scripted();
    source.store(5);
    const subscriber = read(source, { transactionId: 3n, position: 3n });
    await soon(subscriber.has(2), "the two events behind the cursor do not come");
    expect(subscriber.seen).toEqual([4, 5]);
  });

  it("reads no further than its reader has come", async () => {
    story({
      given: "many stored events, in pages of two",
      when: "the reader takes one of them, and no more",
      wanted: "one page was read",
    });
    const source = scripted();
    source.store(10);
    const events = eventsAfter(source.live, startOfStore, source.signal);
    await soon(events.next(), "the first event does not come");
    expect(source.reads(), "pages read").toBe(1);
  });

  it("ends when its reader has left", async () => {
    story({
      given: "a subscription that waits for events",
      when: "its signal is aborted",
      wanted: "it ends",
    });
    const source = scripted();
    const subscriber = read(source);
    await soon(subscriber.unlessItFails(source.waiting()), "it does not wait at the bell");
    source.leave();
    await soon(subscriber.ended, "it does not end");
    expect(subscriber.seen).toEqual([]);
  });

  it("misses nothing that commits late", async () => {
    story({
      given:
        "two transactions: the first has position 1 and is open, the second, position 2, has committed",
      when: "somebody subscribes; then the first commits, and a third is stored",
      wanted:
        "1, 2, 3 in the order of the transactions: nothing is shown before what may come before it",
    });
    const live = openLive(quietPool({ connectionString: test.database.url }));
    opened.push(live);
    const leave = new AbortController();
    const first = await test.database.setUpPool.connect();
    const seen: string[] = [];
    try {
      await first.query("begin");
      await first.query(insert, ["reservation-1"]);
      await test.database.setUpPool.query(insert, ["reservation-2"]);
      let onLook: () => void = () => undefined;
      const looked = new Promise<void>((resolve) => {
        onLook = resolve;
      });
      const readAfter: Live["readAfter"] = async (place) => {
        const page = await live.readAfter(place);
        onLook();
        return page;
      };
      const events = eventsAfter({ ...live, readAfter }, startOfStore, leave.signal);
      const reading = (async () => {
        for await (const { event } of events) {
          seen.push(event.streamId);
          if (seen.length === 3) return;
        }
      })();
      reading.catch(() => undefined);
      await Promise.race([reading, soon(looked, "it does not look into the store")]);
      await first.query("commit");
      await test.database.setUpPool.query(insert, ["reservation-3"]);
      await soon(reading, () => `only ${seen.join(", ") || "nothing"} came`);
    } finally {
      leave.abort();
      first.release();
    }
    expect(seen).toEqual(["reservation-1", "reservation-2", "reservation-3"]);
  });
});

const insert = `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
                values (gen_random_uuid(), $1, 1, 'ReservationConfirmed', 1, '{}', '{}')`;

const opened: Live[] = [];
const leaving: AbortController[] = [];
afterEach(async () => {
  for (const each of leaving.splice(0)) each.abort();
  await Promise.all(opened.splice(0).map((live) => live.stop()));
});

/** A store whose every look and ring the test knows: events 1, 2, 3 ... in pages of two. */
function scripted() {
  const leave = new AbortController();
  leaving.push(leave);
  const bell = createBell();
  leave.signal.addEventListener("abort", () => bell.ring());
  const stored: CommittedEvent[] = [];
  const after = new Map<number, () => void>();
  let isTaken = false;
  let reads = 0;
  let onWait: () => void = () => undefined;
  const isWaiting = new Promise<void>((resolve) => {
    onWait = resolve;
  });
  return {
    signal: leave.signal,
    leave: () => leave.abort(),
    waiting: () => isWaiting,
    reads: () => reads,
    afterRead: (nth: number, then: () => void) => void after.set(nth, then),
    store(count: number) {
      for (let number = 0; number < count; number += 1) stored.push(committed(stored.length + 1));
      // A bell that nobody has taken yet rings for nobody.
      if (isTaken) bell.ring();
    },
    live: {
      storedBell: () => {
        isTaken = true;
        return {
          ...bell,
          onRing: (listener: () => void) => {
            onWait();
            return bell.onRing(listener);
          },
        };
      },
      async readAfter({ position }: Checkpoint) {
        reads += 1;
        const page = stored.filter(({ checkpoint }) => checkpoint.position > position).slice(0, 2);
        // The look has seen what it has seen; what is stored now is not in it.
        after.get(reads)?.();
        return page;
      },
    },
  };
}

function committed(number: number): CommittedEvent {
  const position = BigInt(number);
  return {
    checkpoint: { transactionId: position, position },
    event: {
      ...newEvent(created),
      streamId: `reservation-${number}`,
      version: 1,
      position,
      recordedAt: "2030-01-01T12:00:00.000Z",
    },
  };
}

/** Reads on in the background, and says what came. */
function read({ live, signal }: ReturnType<typeof scripted>, place: Checkpoint = startOfStore) {
  const seen: number[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let failed: (error: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  failure.catch(() => undefined);
  const ended = (async () => {
    for await (const { event } of eventsAfter(live, place, signal)) {
      seen.push(Number(event.position));
      for (const { count, resolve } of waiting) if (seen.length >= count) resolve();
    }
  })();
  ended.catch((error: unknown) => failed(error));
  return {
    seen,
    ended,
    unlessItFails: (awaited: Promise<void>) => Promise.race([failure, awaited]),
    has: (count: number) =>
      Promise.race([
        failure,
        new Promise<void>((resolve) => {
          if (seen.length >= count) resolve();
          else waiting.push({ count, resolve });
        }),
      ]),
  };
}
