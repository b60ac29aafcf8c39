import { describe, expect, it, onTestFinished } from "vitest";
import {
  ConcurrencyConflict,
  DomainError,
  DuplicateEvent,
  InvalidEvent,
  InvalidStreamId,
} from "../../shared/kernel/errors.ts";
import { answered, thrownBy } from "../../shared/testing/api.ts";
import { counted } from "../../shared/testing/connections.ts";
import { quietPool } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { hashOf, now, useServers } from "../../shared/testing/system.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { project } from "../../solutions/08-projections/projection.ts";
import { waitForVersion } from "../../solutions/08-projections/read-your-writes.ts";
import { accepted, type CommandAccepted } from "../../solutions/13-cqrs-demo/answers.ts";
import { apiSchema } from "./api-schema.ts";
import { openLive } from "./live.ts";
import { answerTo, reservationPage, withReservation } from "./resolvers.ts";

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

/** What a page says of the next one. */
function behind(next: unknown): unknown {
  if (next === null) return "no page";
  return typeof next === "string" ? "a next page" : next;
}

describe("a page of reservations", () => {
  costs("one query for a million rows at nine in the morning, and the desk waits for the database");

  it("ends where the next one begins, and each reservation is on one of them", async () => {
    story({
      given: "five reservations",
      when: "they are asked for in pages of two",
      wanted: "1 and 2, 3 and 4, then 5 with no next page",
      costs: "the accounts are copied page by page: one stay is missing, and another is paid twice",
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

  it("is the last one where nothing comes behind it, also when it is full", async () => {
    story({
      given: "four reservations",
      when: "they are asked for in pages of two, and all at once in a page of four",
      wanted: "a next page after the first two, and none after the others",
      costs: "`next`, says the page, and shows an empty list: one click in three is for nothing",
    });
    await reservations(4);
    const { pool } = test.database;
    const first = await reservationPage(pool, {}, { first: 2 });
    const second = await reservationPage(pool, {}, { first: 2, after: first.next });
    const all = await reservationPage(pool, {}, { first: 4 });
    const sizes = [first.nodes.length, second.nodes.length, all.nodes.length];
    expect(sizes, "how many are on the first, the second and the page of four").toEqual([2, 2, 4]);
    const offered = {
      "behind the first two": behind(first.next),
      "behind the last two": behind(second.next),
      "behind all four": behind(all.next),
    };
    expect(offered).toEqual({
      "behind the first two": "a next page",
      "behind the last two": "no page",
      "behind all four": "no page",
    });
  });

  it("has what the filter says, and no more", async () => {
    story({
      given: "three reservations, one of them ben's",
      when: "ben's are asked for, and confirmed ones",
      wanted: "reservation-2, and none",
      costs: "ada reads where ben will sleep, and when",
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

  it("may have one entry, and a hundred", async () => {
    story({
      given: "two reservations",
      when: "they are asked for in a page of one, and in a page of a hundred",
      wanted: "one of them, then both",
      costs: "the export asks for pages of a hundred, as the contract says, and is refused",
    });
    await reservations(2);
    const { pool } = test.database;
    const one = await reservationPage(pool, {}, { first: 1 });
    const hundred = await reservationPage(pool, {}, { first: 100 });
    const counts = { "in a page of one": one.nodes.length, "of a hundred": hundred.nodes.length };
    expect(counts).toEqual({ "in a page of one": 1, "of a hundred": 2 });
  });

  const tooSmall =
    "the database answers with an error or with nothing, and no client learns that it asked wrongly";

  it.each([
    [0, tooSmall],
    [-1, tooSmall],
    [101, undefined],
    [1_000_000, undefined],
  ] as const)("of %i is refused before the database is asked", async (first, itCosts) => {
    story({
      when: `a page of ${first} is asked for, of a database that must not be asked`,
      wanted: "refused: PAGE_TOO_LARGE",
      ...(itCosts !== undefined && { costs: itCosts }),
    });
    const noDatabase = { query: () => Promise.reject(new Error("the database was asked")) };
    const refused = await thrownBy(() => reservationPage(noDatabase, {}, { first }));
    expect(refused).toMatchObject({ extensions: { code: "PAGE_TOO_LARGE" } });
  });

  it.each([
    ["that somebody made up", "bm8gY3Vyc29y"],
    ["that is an empty text", ""],
  ])("after a cursor %s is refused", async (which, after) => {
    story({
      given: "no reservation",
      when: `a page is asked for after a cursor ${which}`,
      wanted: "refused: BAD_USER_INPUT, and not the first page",
      costs: "a job that has lost its cursor copies the first page again and again, without an end",
    });
    const refused = await thrownBy(() =>
      reservationPage(test.database.pool, {}, { first: 2, after }),
    );
    expect(refused).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
  });

  it("is read with nothing written, as every query is", async () => {
    story({
      given: "three reservations, and connections that may only read",
      when: "every query of the schema is sent once",
      wanted: "an answer to each, and a database that holds what it held",
      costs:
        "queries move to a replica, which nobody may write to, and every page of the site fails",
    });
    await reservations(3);
    const before = await hashOf(test.database.setUpPool);
    const readModel = quietPool({
      connectionString: test.database.url,
      options: "-c default_transaction_read_only=on",
    });
    const live = openLive(readModel);
    onTestFinished(() => live.stop());
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
    ["has an id that none may have", new InvalidStreamId("", "is empty"), "invalid-id", "streamId"],
    ["has another's id", new DuplicateEvent("e-1"), "command-id-used", "options.commandId"],
  ] as const)("that %s says so, with a code and the field", async (_, error, code, field) => {
    story({
      when: `it fails with ${error.name}`,
      wanted: `CommandRefused, ${code}`,
      costs: "`failed`, says the page, and the guest does not learn what to change",
    });
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

  it.each([
    ["our own code is wrong", new Error("state.stay is missing in reservation-1")],
    [
      "the database has gone",
      Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:5432"), { code: "ECONNREFUSED" }),
    ],
    [
      "the database refuses a statement",
      Object.assign(new Error('relation "events" does not exist'), { code: "42P01" }),
    ],
  ] as const)("is none where %s: that is thrown, to be masked and logged", async (why, error) => {
    story({
      when: `it fails because ${why}: ${error.message}`,
      wanted: "the error itself, not a refusal that tells it to everybody",
    });
    const thrown = await thrownBy(() => answerTo(ids, () => Promise.reject(error)));
    expect(thrown === error, `not the error itself, but ${String(thrown)}`).toBe(true);
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
    const asking = counted(test.database.pool);
    const answer = withReservation(asking.pool, stored).finally(() => {
      isAnswered = true;
    });
    answer.catch(() => undefined);
    // What answers without waiting does so with the last answer that it gets.
    const hasLooked = () => isAnswered || (asking.answered() > 0 && asking.unanswered() === 0);
    await until("whether it has looked", hasLooked, true);
    const tooEarly = isAnswered;
    for await (const event of test.store().readAll()) {
      await project(test.database.setUpPool, test.store(), event);
    }
    const { reservation, readModelBehind } = await soon(answer, "no answer comes");
    expect(tooEarly ? "before" : "after", "whether the answer came before its row").toBe("after");
    expect(readModelBehind, "how far the read model is said to be behind").toBeUndefined();
    expect(reservation).toMatchObject({ reservationId, status: "pending" });
  });

  it("says how far the read model is, when that does not come in time", async () => {
    story({
      given: "a projection that stands still at version 0",
      when: "the answer is asked for, with 50 ms to wait",
      wanted: "accepted all the same, with readModelBehind: wanted 1, reached 0",
    });
    const answer = await soon(withReservation(test.database.pool, stored, 50), "no answer comes");
    const readModelBehind = { wanted: 1, reached: 0 };
    expect(answer.readModelBehind, "how far the read model is").toEqual(readModelBehind);
    expect(answer).toEqual({ ...stored, readModelBehind });
  });

  it("comes no later than the time that was given", async () => {
    story({
      given: "a projection that stands still, and somebody who waits a second for it",
      when: "the answer is asked for, with 20 ms to wait",
      wanted: "the answer, before the second is over",
      costs: "every page waits two seconds for a projector that is known to be down",
    });
    const second = waitForVersion(test.database.setUpPool, "reservation-1", 1, { timeout: 1_000 });
    const answer = withReservation(test.database.pool, stored, 20);
    const first = await Promise.race([
      answer.then(() => "the answer"),
      second.catch(() => "the end of the second"),
    ]);
    await Promise.allSettled([answer, second]);
    expect(first, "what comes first").toBe("the answer");
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
