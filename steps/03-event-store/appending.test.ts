import type pg from "pg";
import { describe, expect, it } from "vitest";
import { answerTo, nameInWords } from "../../shared/testing/append-outcome.ts";
import {
  blockedOrDone,
  checkedOut,
  counted,
  restless,
  unheardErrors,
} from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { versionInWords } from "../../shared/testing/in-words.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { appendToStream as referenceAppend } from "../../solutions/03-event-store/event-store.ts";
import { appendToStream } from "./event-store.ts";

const database = useDatabase(3);

describe("an append", () => {
  costs("the history that the desk reads to the guest is not the one that happened");

  it("puts a batch at the end of its stream, in order", async () => {
    story({
      given: "ReservationCreated is version 1 of reservation-1, another one of reservation-2",
      when: "StayChanged, ReservationConfirmed, ReservationCancelled are appended to reservation-1",
      wanted: "versions 2, 3, 4 in this order; the answer is version and position of the last",
      costs: "cancelled first and confirmed then: the room is kept for a guest who will not come",
    });
    await appendToStream(database.pool, "reservation-1", [newEvent(created)]);
    await appendToStream(database.pool, "reservation-2", [newEvent(created)]);
    const batch = [newEvent(stayChanged), newEvent(confirmed), newEvent(cancelled)];
    const result = await appendToStream(database.pool, "reservation-1", batch);
    const rows = await stored("reservation-1");
    expect(rows.map(versionInWords), "the rows of reservation-1").toEqual([
      "v1 ReservationCreated",
      "v2 StayChanged",
      "v3 ReservationConfirmed",
      "v4 ReservationCancelled",
    ]);
    const position = BigInt(rows[3]?.position ?? 0);
    expect(result, "the answer, beside where version 4 is stored").toEqual({
      streamId: "reservation-1",
      version: 4,
      position,
      repeated: false,
    });
    const positions = rows.map((row) => Number(row.position));
    expect(positions, "the positions of the versions 1 to 4, which rise").toEqual(
      positions.toSorted((a, b) => a - b),
    );
  });

  it("keeps every field of an event", async () => {
    story({
      when: "an event with schemaVersion 2 and a correlationId is appended",
      wanted: "each of its fields stands in its column of the row",
      costs: "half a year later nobody can tell which request has led to this booking",
    });
    const event = newEvent(created, { schemaVersion: 2, metadata: { correlationId: "c-1" } });
    await appendToStream(database.pool, "reservation-1", [event]);
    expect(await stored("reservation-1")).toMatchObject([
      {
        event_id: event.id,
        version: 1,
        type: "ReservationCreated",
        schema_version: 2,
        data: created.data,
        metadata: { correlationId: "c-1" },
      },
    ]);
  });

  it("takes text as it is, with quotes and all", async () => {
    const name = "o'hara'); drop table events; --";
    const data = { text: `it's "quoted" \\ $1 ${name}` };
    story({
      when: `an event is appended to a stream called ${name}`,
      wanted: "name, type and data are stored as they are: values travel beside the SQL, as $1",
      costs: "a guest called O'Hara cannot book; another guest, who knows why, deletes the table",
    });
    await appendToStream(database.pool, name, [newEvent({ type: name, data })]);
    expect(await stored(name)).toMatchObject([{ stream_id: name, type: name, data }]);
  });

  it("is answered when the database has answered all of it", async () => {
    story({
      when: "two events are appended to reservation-1",
      wanted:
        "when the answer comes, no statement of it is on its way any more, the commit neither",
      costs:
        "the guest reads 'booked', the server goes down before the commit, and no room is kept",
    });
    const { pool, unanswered } = counted(database.pool);
    await appendToStream(pool, "reservation-1", [newEvent(created), newEvent(confirmed)]);
    expect(unanswered(), "statements without an answer yet").toBe(0);
  });

  it("says the position exactly, also beyond 2^53", async () => {
    story({
      given: "the next position is 9007199254740993, which no number of JavaScript is",
      when: "an event is appended",
      wanted: "the answer's position is the bigint 9007199254740993n, never a number on its way",
      costs: "a reader goes on after a position that is off by one: one event is never published",
    });
    await database.pool.query(
      "alter table events alter column position restart with 9007199254740993",
    );
    const result = await appendToStream(database.pool, "reservation-1", [newEvent(created)]);
    expect(result.position, "the position in the answer").toBe(9007199254740993n);
  });
});

describe("an append that fails", () => {
  costs("half of a decision stays: the guest is charged for a stay that was never changed");

  it("leaves nothing of its batch, on a server with many connections", async () => {
    story({
      given: "a pool that answers each pool.query() on another connection; an event is stored",
      when: "two new events and that one again are appended to reservation-2",
      wanted: "the third breaks events_event_id_key, that error is thrown, and no row stays",
      costs: "17 reservations with a StayChanged, and without the PriceChanged that belonged to it",
    });
    const existing = newEvent(created);
    await referenceAppend(database.pool, "reservation-1", [existing]);
    const batch = [newEvent(stayChanged), newEvent(confirmed), existing];
    const busy = await restless(database.pool);
    try {
      const failing = appendToStream(busy.pool, "reservation-2", batch);
      expect(await answerTo(failing), "the answer").toBe(storedAlready);
    } finally {
      await busy.end();
    }
    const rows = await stored("reservation-2");
    expect(
      rows.map(versionInWords),
      "what stayed of the batch; is all of it on one client?",
    ).toEqual([]);
  });

  it("gives its connection back, ready for the next", async () => {
    const told = {
      given: "a pool of one connection, and an event that is stored already",
      when: "it is appended again, twice, and then a new event",
      wanted:
        "the first two are refused, the third is stored; the connection is back each time, without a listener of yours on it: `off` what you have put `on`",
    };
    story({
      ...told,
      costs: "ten failed bookings later the pool is empty, and no guest can book until a restart",
    });
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    const before = await errorListeners(pool);
    const existing = newEvent(created);
    await referenceAppend(database.pool, "reservation-1", [existing]);
    for (let attempt = 0; attempt < 2; attempt++) {
      const failing = appendToStream(pool, "reservation-2", [existing]);
      expect(await answerTo(failing), `the answer, attempt ${attempt + 1}`).toBe(storedAlready);
      expect(checkedOut(pool), "connections not given back after the error").toBe(0);
    }
    await appendToStream(pool, "reservation-2", [newEvent(created)]);
    const rows = await stored("reservation-2");
    expect(rows.map(versionInWords), "reservation-2, after the new event").toEqual([
      "v1 ReservationCreated",
    ]);
    story({
      ...told,
      costs: "a connection lives for weeks, and each booking leaves a listener on it for ever",
    });
    const more = (await errorListeners(pool)) - before;
    expect(more, "listeners that are left on the connection").toBe(0);
  });

  it("does not take the process with it when the database goes away", async () => {
    story({
      given: "an append waits for a lock on the table, in a pool of one connection",
      when: "the database ends that connection, as at a failover; then there is another append",
      wanted:
        'the first is rejected, and the second stored; the client\'s event `error`, which comes besides, has a listener: client.on("error", ...)',
      costs: "the database fails over, and each server that is just storing a booking goes down",
    });
    const waiting = { connectionTimeoutMillis: 2_000 };
    const pool = database.newPool({ max: 1, application_name: "booking", ...waiting });
    const unheard = unheardErrors(pool);
    const other = await database.setUpPool.connect();
    try {
      await other.query("begin; lock table events");
      const failing = appendToStream(pool, "reservation-1", [newEvent(created)]);
      await blockedOrDone(database.pool, failing);
      await database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'booking'`,
      );
      const answered = soon(failing, "its connection is gone, and the append has no answer");
      await expect(answered, "the first append").rejects.toBeInstanceOf(Error);
    } finally {
      await other.query("rollback");
      other.release();
    }
    await appendToStream(pool, "reservation-1", [newEvent(confirmed)]);
    const rows = await stored("reservation-1");
    expect(rows.map(versionInWords), "what is stored").toEqual(["v1 ReservationConfirmed"]);
    const messages = unheard.map(({ message }) => message);
    expect(messages, "errors without a listener, which end the process").toEqual([]);
  });

  it("is not even begun with a value that cannot be kept", async () => {
    story({
      when: "a good event is appended, and behind it one with data.total NaN",
      wanted: "an InvalidEvent with the path data.total, and neither of them is stored",
      costs: "the bill says null euros, for ever: an event is never changed",
    });
    const lossy = newEvent({ type: "ReservationCreated", data: { total: Number.NaN } });
    const refused = appendToStream(database.pool, "reservation-1", [newEvent(created), lossy]);
    expect(await answerTo(refused), "the answer").toBe("InvalidEvent: data.total");
    const rows = await stored("reservation-1");
    expect(rows.map(versionInWords), "what is stored all the same").toEqual([]);
  });

  const id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
  const refusedLate =
    "PostgreSQL refuses it with an error about types, and nobody knows which event it was";
  const kept = "PostgreSQL takes it, for ever, and each reader of the stream stops at it";
  it.each([
    ["no id", { id: undefined }, "id", refusedLate],
    ["an id that is no UUID", { id: "1" }, "id", refusedLate],
    ["an id that begins too early", { id: `a${id}` }, "id", refusedLate],
    ["an id that goes on behind its UUID", { id: `${id}0` }, "id", refusedLate],
    ["a type without a name", { type: "" }, "type", kept],
    ["a number for its type", { type: 7 }, "type", kept],
    ["a NUL in its type", { type: "a\0b" }, "type", refusedLate],
    ["schema version 0", { schemaVersion: 0 }, "schemaVersion", kept],
    ["schema version 1.5", { schemaVersion: 1.5 }, "schemaVersion", refusedLate],
    ["schema version 32768", { schemaVersion: 32_768 }, "schemaVersion", refusedLate],
    ["text for its data", { data: "created" }, "data", kept],
    ["null for its data", { data: null }, "data", kept],
    ["a list for its data", { data: [] }, "data", kept],
    ["a list for its metadata", { metadata: [] }, "metadata", kept],
    [
      "a byte more than 1 MiB",
      { data: { text: filler(1) } },
      "data",
      "one booking has a film in it, and each replay of its stream loads that from the disk",
    ],
  ])("is not even begun with an event that has %s", async (what, fields, path, itCosts) => {
    story({
      when: `a good event is appended, and behind it one with ${what}`,
      wanted: `an InvalidEvent with the path ${path} (assertStorable), and neither is stored`,
      costs: itCosts,
    });
    const bad = Object.assign(newEvent({ type: "Tried", data: {} }), fields);
    const refused = appendToStream(database.pool, "reservation-1", [newEvent(created), bad]);
    expect(await answerTo(refused), "the answer").toBe(`InvalidEvent: ${path}`);
    const rows = await stored("reservation-1");
    expect(rows.map(versionInWords), "what is stored all the same").toEqual([]);
  });

  const half = "\ud83d";
  const badIds = [undefined, "x".repeat(256), "ö".repeat(128), "a\0b", half] as string[];
  it.each(badIds.map((streamId) => [nameInWords(streamId), streamId] as const))(
    "is not even begun for a stream id such as %s",
    async (name, streamId) => {
      story({
        when: `an event is appended to the stream ${name}`,
        wanted: "an InvalidStreamId (assertStreamId), before the database is asked",
        costs:
          streamId === half
            ? "the stream gets another name on its way, and who asks for its events finds none"
            : "the caller gets an error of the database, which it takes for an outage, and tries again",
      });
      const refused = appendToStream(database.pool, streamId, [newEvent(created)]);
      expect(await answerTo(refused), "the answer").toBe(`InvalidStreamId: ${name}`);
    },
  );

  it("does not fail at the limits: all that is within them is stored", async () => {
    const longest = `${"ö".repeat(127)}x`;
    story({
      when: "an event of 1 MiB, then one of schema version 32767, are appended to a stream with a name of 255 bytes",
      wanted: "both are stored",
      costs: "a group's booking with 4,000 names is refused, and nobody can say why",
    });
    const largest = newEvent({ type: "Tried", data: { text: filler(0) } });
    const newest = newEvent(created, { schemaVersion: 32_767 });
    await appendToStream(database.pool, longest, [largest]);
    await appendToStream(database.pool, longest, [newest]);
    expect((await stored(longest)).map(versionInWords)).toEqual([
      "v1 Tried",
      "v2 ReservationCreated",
    ]);
  });

  it("is not even begun without events, or without a stream", async () => {
    story({
      when: "no events are appended to reservation-1, and an event to the stream ''",
      wanted: "an InvalidEvent with the path 'events', and an InvalidStreamId",
      costs: "'stored up to version 3', says the answer, and nothing was: a bug sleeps for weeks",
    });
    const empty = appendToStream(database.pool, "reservation-1", []);
    expect(await answerTo(empty), "no events").toBe("InvalidEvent: events");
    const nowhere = appendToStream(database.pool, "", [newEvent(created)]);
    expect(await answerTo(nowhere), "no stream").toBe(`InvalidStreamId: ${nameInWords("")}`);
  });
});

/** The answer to an event that is in the store. */
const storedAlready = "unique violation: events_event_id_key";

/** Text that makes an event `Tried` as large as an event may be, and so many bytes larger. */
function filler(more: number): string {
  const around = JSON.stringify(["Tried", { text: "" }, {}]).length;
  return "x".repeat(1024 * 1024 - around + more);
}

/** How many listen to the error of a connection of the pool. */
async function errorListeners(pool: pg.Pool): Promise<number> {
  const client = await pool.connect();
  const count = client.listenerCount("error");
  client.release();
  return count;
}

/** The rows of a stream, by version. */
async function stored(streamId: string) {
  const { rows } = await database.pool.query(
    "select * from events where stream_id = $1 order by version",
    [streamId],
  );
  return rows;
}
