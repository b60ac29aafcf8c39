import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { scriptedParts } from "../../shared/testing/api.ts";
import { rowsOfToday } from "../../shared/testing/old-releases.ts";
import { cancelled, created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import {
  creation,
  now,
  settled,
  useServers,
  writeFirstRelease,
} from "../../shared/testing/system.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { firstProjection, type Projection } from "../../solutions/09-rebuild/projection.ts";
import { rowsOf } from "../../solutions/11-versioning/first-release.ts";
import { guests, hotels } from "../../solutions/12-saga/deciders.ts";
import { handle } from "../../solutions/12-saga/handle.ts";
import { handleInput } from "../../solutions/12-saga/inbox.ts";
import { installTables } from "../../solutions/13-cqrs-demo/schema-files.ts";
import {
  composeReservationSystem,
  forAllRows,
  partsOf,
  type Role,
  startParts,
} from "./composition.ts";

const test = useServers();

describe("a projection for all rows", () => {
  costs("the first event that is older than the code, and the projector stands still at it");

  function written(): { readonly projection: Projection; readonly calls: EventEnvelope[][] } {
    const calls: EventEnvelope[][] = [];
    const apply: Projection["apply"] = async (_, events) => void calls.push([...events]);
    return { projection: { ...firstProjection, apply }, calls };
  }
  const noDatabase = { query: () => Promise.reject(new Error("not in this test")) };

  it("gets old rows in today's words, what was one row in one call", async () => {
    story({
      given: "reservation-1 of the first release: booked, moved, cancelled",
      when: "the rows are applied one by one",
      wanted: "created and confirmed together, then moved, then cancelled, all of today",
    });
    const { projection, calls } = written();
    const { apply } = forAllRows(projection);
    for (const row of rowsOf("reservation-1")) await apply(noDatabase, [row]);
    const seen = calls.map((call) =>
      call.map(({ type, schemaVersion }) => `${type} ${schemaVersion}`),
    );
    expect(seen).toEqual([
      ["ReservationCreated 3", "ReservationConfirmed 1"],
      ["StayChanged 2"],
      ["ReservationCancelled 2"],
    ]);
  });

  it("gets nothing of hotels, guests and bookings", async () => {
    story({
      given: "a row of a hotel between two of a reservation",
      when: "all three are applied",
      wanted: "the two",
    });
    const { projection, calls } = written();
    const [first, last] = rowsOfToday([created, cancelled]);
    const data = { hotelId: "astoria", rooms: { single: 0, double: 1, suite: 0 }, openedAt: "" };
    const hotel = { ...first, type: "HotelOpened", schemaVersion: 1, data } as EventEnvelope;
    const rows = [first, hotel, last].filter((row) => row !== undefined);
    await forAllRows(projection).apply(noDatabase, rows);
    expect(calls.flat().map(({ type }) => type)).toEqual([
      "ReservationCreated",
      "ReservationCancelled",
    ]);
  });

  it("is the same projection otherwise", () => {
    story({
      given: "version 1 of the projection, with its tables",
      when: "it is made one for all rows",
      wanted: "version 1, with its tables",
    });
    const { version, tables } = forAllRows(firstProjection);
    expect({ version, tables }).toEqual({ version: 1, tables: firstProjection.tables });
  });
});

describe("parts that are started", () => {
  costs("a deployment that failed half-way keeps a relay running that nobody knows of");

  it("begin side by side, and are there when all are ready", async () => {
    story({
      given: "three parts, of which the second takes its time",
      when: "they are started",
      wanted: "all begin at once; nothing is answered before the second is ready",
    });
    const { part, log, getReady } = scriptedParts();
    let isThere = false;
    const started = startParts([part("a"), part("b", "later"), part("c")]);
    const there = started.then(() => {
      isThere = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([log, isThere]).toEqual([["a starts", "b starts", "c starts"], false]);
    getReady();
    await soon(there, "the parts are ready, and nothing is answered");
    expect(isThere).toBe(true);
  });

  it("end one after the other, in the order of the flow", async () => {
    story({
      given: "three running parts",
      when: "they are stopped",
      wanted: "the second ends when the first has ended, and so on",
    });
    const { part, log } = scriptedParts();
    const running = await startParts([part("a"), part("b"), part("c")]);
    log.length = 0;
    await running.stop();
    expect(log).toEqual([
      "a ends",
      "a has ended",
      "b ends",
      "b has ended",
      "c ends",
      "c has ended",
    ]);
  });

  it.each([
    ["cannot start", "c cannot start"],
    ["fails", "c failed"],
    ["never", "The c is not ready after 0.05 s."],
  ] as const)("leave nothing running when one of them %s", async (how, message) => {
    story({
      given: `two parts that run, and a third that ${how === "never" ? "is never ready" : how}`,
      when: "they are started, with 50 ms for it",
      wanted: "its failure, and none is running any more",
    });
    const { part, log } = scriptedParts();
    const failed = startParts([part("a"), part("b"), part("c", how)], 50).then(
      () => "started",
      (error: Error) => error,
    );
    const answer = await soon(failed, "startParts waits for a part that is never ready");
    if (!(answer instanceof Error)) return expect.fail("startParts answered as if all were ready");
    if (answer.message !== message) throw answer;
    expect(log).toEqual(expect.arrayContaining(["a has ended", "b has ended"]));
  });
});

describe("the system, put together", () => {
  costs("each part is tested and green, and an event that one of them writes reaches no other");

  it("carries a command's event into the read model", async () => {
    story({
      given: "all roles in one process",
      when: "reservation-1 is created",
      wanted: "its row, as a replay has it; its event with today's schemaVersion",
    });
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    await system.handle(creation("reservation-1"));
    await settled(test);
    const [stored] = await types();
    expect(stored).toBe("ReservationCreated 3");
  });

  it("shows what earlier releases have written", async () => {
    story({
      given: "a store with the nine rows of the first release, and no read model",
      when: "the system is started",
      wanted: "four reservations, also the one that was booked and confirmed in one row",
    });
    await installTables(test.database.setUpPool);
    await writeFirstRelease(test.store());
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    await settled(test);
    const { rows: shown } = await system.readModel.query("select from reservations_view");
    expect(shown).toHaveLength(4);
  });

  it("completes a booking, whose events all belong to its request", async () => {
    story({
      given: "the Astoria has one double, ada 500.00 EUR",
      when: "a reservation is created, and its booking requested",
      wanted: "charged, held, confirmed; ReservationConfirmed has the request's correlationId",
    });
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    const correlationId = await requestBooking(system.store, "reservation-1", (command) =>
      system.handle(command),
    );
    await until(
      "the booking's last event",
      async () => (await types("booking-reservation-1")).at(-1),
      "BookingCompleted 1",
    );
    const confirmed = (await rows("reservation-1")).at(-1);
    expect([confirmed?.type, confirmed?.metadata.correlationId]).toEqual([
      "ReservationConfirmed",
      correlationId,
    ]);
    await settled(test);
  });

  it("books for a reservation that the first release has written", async () => {
    story({
      given: "reservation-4 of the first release, pending by what its row says, in euros",
      when: "the system's own saga confirms it",
      wanted:
        "ReservationConfirmed at version 3 is refused: it was cancelled; the booking turns back",
    });
    await installTables(test.database.setUpPool);
    await writeFirstRelease(test.store());
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    await requestBooking(system.store, "reservation-4");
    await until(
      "the booking's last event",
      async () => (await types("booking-reservation-4")).at(-1),
      "BookingCancelled 1",
    );
    await settled(test);
  });

  it("runs as roles that share nothing but the servers", async () => {
    story({
      given: "relay, projector and saga, each composed alone, and one that only takes commands",
      when: "a reservation is created and booked at the last one",
      wanted: "a completed booking, and the read model as a replay has it",
    });
    const servers = test.servers();
    const alone = (roles: readonly Role[]) =>
      composeReservationSystem({ ...servers, now, roles }).then((system) => test.ends(system));
    await Promise.all([alone(["projector"]), alone(["saga"]), alone(["relay"])]);
    const desk = await alone([]);
    await requestBooking(desk.store, "reservation-1", (command) => desk.handle(command));
    await until(
      "the booking's last event",
      async () => (await types("booking-reservation-1")).at(-1),
      "BookingCompleted 1",
    );
    await settled(test);
  });

  it("goes on with the second of each when the first one ends", async () => {
    story({
      given: "the whole system twice, on the same servers",
      when: "one is stopped, and a reservation is created at the other",
      wanted: "it arrives in the read model",
    });
    const servers = test.servers();
    const first = test.ends(await composeReservationSystem({ ...servers, now }));
    const second = test.ends(await composeReservationSystem({ ...servers, now }));
    await first.handle(creation("reservation-1"));
    await first.stop();
    await second.handle(creation("reservation-2"));
    await settled(test);
    expect(await types("reservation-2")).toHaveLength(1);
  });

  it("leaves no connection behind when the broker is not there", async () => {
    story({
      given: "an address at which there is no broker",
      when: "the system is started, with half a second for it",
      wanted: "TimeLimitExceeded, and no connection to the database any more",
    });
    const amqpUrl = "amqp://127.0.0.1:1";
    const options = { ...test.servers(), amqpUrl, now, startWithin: 500 };
    await expect(composeReservationSystem(options)).rejects.toMatchObject({
      name: "TimeLimitExceeded",
    });
    await until("connections of the system", connections, 0);
  });

  it("knows each role by its name", () => {
    story({
      given: "the options of a system",
      when: "its parts are asked for",
      wanted: "one for each role, none of them started",
    });
    const pool = test.database.pool;
    const core = { pool, store: test.store(), handle: () => Promise.reject(new Error("no")) };
    const parts = partsOf({ ...test.servers(), now }, core);
    expect(Object.keys(parts).sort()).toEqual(["projector", "relay", "saga"]);
  });
});

/** A hotel, a guest and a reservation, and the request for its booking. */
async function requestBooking(
  store: ReturnType<typeof test.store>,
  reservationId: string,
  create?: (command: ReturnType<typeof creation> & { correlationId: string }) => Promise<unknown>,
): Promise<string> {
  const correlationId = randomUUID();
  const id = randomUUID;
  const open = { hotelId: "astoria", rooms: { single: 0, double: 1, suite: 0 }, now: now() };
  await handle(store, hotels, { id: id(), command: { type: "OpenHotel", data: open } });
  const guest = { guestId: "ada", credit: { amount: 50_000, currency: "EUR" }, now: now() };
  await handle(store, guests, { id: id(), command: { type: "RegisterGuest", data: guest } });
  const creating = creation(reservationId, "astoria");
  await create?.({ ...creating, correlationId });
  const { hotelId, guestId, roomType, stay } = creating.command.data;
  const total = { amount: 24_000, currency: "EUR" };
  const data = { reservationId, hotelId, guestId, roomType, stay, total, expiresAt: now(15) };
  await handleInput(store, { id: id(), command: { type: "RequestBooking", data }, correlationId });
  return correlationId;
}

async function rows(streamId?: string): Promise<readonly EventEnvelope[]> {
  const found: EventEnvelope[] = [];
  for await (const row of test.store().readAll()) {
    if (streamId === undefined || row.streamId === streamId) found.push(row);
  }
  return found;
}

async function types(streamId?: string): Promise<readonly string[]> {
  return (await rows(streamId)).map(({ type, schemaVersion }) => `${type} ${schemaVersion}`);
}

async function connections(): Promise<number> {
  const { rows: found } = await test.database.setUpPool.query(
    `select from pg_stat_activity
      where datname = current_database() and application_name ~ '^(reservations|relay|dispatcher)'`,
  );
  return found.length;
}
