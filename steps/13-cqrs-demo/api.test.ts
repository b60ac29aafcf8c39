import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LogEntry } from "../../shared/api/log.ts";
import { type ApiClient, clientOf } from "../../shared/testing/api-client.ts";
import { costs, story } from "../../shared/testing/story.ts";
import {
  hashOf,
  now,
  settled,
  useServers,
  writeFirstRelease,
  year,
} from "../../shared/testing/system.ts";
import { until } from "../../shared/testing/waiting.ts";
import { rebuild } from "../../solutions/09-rebuild/rebuild.ts";
import { installTables } from "../../solutions/13-cqrs-demo/schema-files.ts";
import { startApi } from "./api.ts";
import { composeReservationSystem, knownProjections, type Role } from "./composition.ts";

// Whole systems, on servers that others may use as well.
vi.setConfig({ testTimeout: 60_000 });

const test = useServers();
const clients: ApiClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.leave();
});

/** The system with its API, and a client of it. */
async function open(roles: readonly Role[] = ["relay", "projector", "saga"], waitAtMost = 15_000) {
  const servers = test.servers();
  const system = test.ends(await composeReservationSystem({ ...servers, now, roles }));
  const lines: LogEntry[] = [];
  const log = (entry: LogEntry): void => void lines.push(entry);
  const api = test.ends(
    await startApi({ ...servers, system, now, log, waitAtMost, limits: { requestTime: 30_000 } }),
  );
  const client = clientOf(api.url);
  clients.push(client);
  return { client, api, system, servers, lines };
}

const input = {
  hotelId: "astoria",
  guestId: "ada",
  roomType: "double",
  guests: 2,
  stay: { arrival: `${year}-05-01`, departure: `${year}-05-03` },
  pricePerNight: { amount: 12_000, currency: "EUR" },
};

describe("the API", () => {
  costs("each part is right, and the page that people use shows something else");

  it("takes commands and shows what they have done, to who wants to see it at once", async () => {
    story({
      given: "the system and its API",
      when: "a reservation is created, confirmed and cancelled, each with waitForReadModel",
      wanted: "pending, confirmed, cancelled, in the answers themselves",
    });
    const { client } = await open();
    const seen = [await client.create({ reservationId: "reservation-1", ...input })];
    seen.push(await client.confirm("reservation-1"));
    seen.push(await client.cancel("reservation-1", "<b>rain</b>"));
    expect(seen.map((answer) => answer.reservation?.status)).toEqual([
      "pending",
      "confirmed",
      "cancelled",
    ]);
    expect(await client.agrees("reservation-1")).toBe(true);
  });

  it("answers a command that is sent again as it did, and another with its id not at all", async () => {
    story({
      given: "reservation-1, created and confirmed",
      when: "the creation is sent again with its id; then reservation-2 with the same id",
      wanted: "version 1, repeated; refused, command-id-used",
    });
    const { client } = await open();
    const commandId = randomUUID();
    await client.create({ reservationId: "reservation-1", ...input }, { commandId });
    await client.confirm("reservation-1");
    const again = await client.create({ reservationId: "reservation-1", ...input }, { commandId });
    expect(again).toMatchObject({ version: 1, repeated: true });
    const other = await client.create({ reservationId: "reservation-2", ...input }, { commandId });
    expect(other).toMatchObject({ __typename: "CommandRefused", code: "command-id-used" });
  });

  it("says what the domain and other people have to say, as answers", async () => {
    story({
      given: "reservation-1, cancelled at version 2",
      when: "it is confirmed; cancelled by who has seen version 1; created with a NUL, and with a hotel's name",
      wanted: "reservation-cancelled; Conflict 1, 2; invalid-event at data.guestId; invalid-id",
    });
    const { client } = await open();
    await client.create({ reservationId: "reservation-1", ...input });
    await client.cancel("reservation-1", "rain");
    expect(await client.confirm("reservation-1")).toMatchObject({ code: "reservation-cancelled" });
    const late = await client.cancel("reservation-1", "rain", { expectedVersion: 1 });
    expect(late).toMatchObject({ __typename: "Conflict", expected: 1, actual: 2 });
    const nul = await client.create({ ...input, guestId: "ada\0" });
    expect(nul).toMatchObject({ code: "invalid-event", field: "data.guestId" });
    const hotel = await client.create({ ...input, reservationId: "hotel-astoria" });
    expect(hotel).toMatchObject({ code: "invalid-id", field: "reservationId" });
  });

  it("says that the write is safe when the read model stands still", async () => {
    story({
      given: "an API without a projector",
      when: "a reservation is created, with waitForReadModel",
      wanted: "accepted at version 1, with readModelBehind: wanted 1, reached 0",
    });
    const { client } = await open([], 100);
    const answer = await client.create({ reservationId: "reservation-1", ...input });
    expect(answer).toMatchObject({ version: 1, readModelBehind: { wanted: 1, reached: 0 } });
  });

  it("keeps to itself what breaks inside", async () => {
    story({
      given: "a database in which the table of the read model is missing",
      when: "reservations are asked for",
      wanted: "INTERNAL and an id; the database's words only in the log, under that id",
    });
    const { client, lines } = await open([]);
    await test.database.setUpPool.query("alter table reservations_view rename to elsewhere");
    try {
      const { text, correlationId } = await client.raw("{ reservations { nodes { id } } }");
      expect(text).toContain("INTERNAL");
      expect(text).not.toMatch(/reservations_view|does not exist|select/);
      const line = lines.find(({ event }) => event === "resolver failed");
      expect(line).toMatchObject({ correlationId, at: "Query.reservations" });
      expect(line?.error).toContain("reservations_view");
    } finally {
      await test.database.setUpPool.query("alter table elsewhere rename to reservations_view");
    }
  });

  it("shows the history of streams of every kind and age", async () => {
    story({
      given: "the rows of the first release, and a hotel",
      when: "the histories of reservation-1 and of the hotel are asked for, in pages of two",
      wanted: "what is stored, what it means today, what it changed, and the state after it",
    });
    await installTables(test.database.setUpPool);
    await writeFirstRelease(test.store());
    const { client } = await open([]);
    await client.openHotel("seaview");
    const history = await client.history("reservation-1", 0, 2);
    expect(history.entries.map(({ stored }) => stored.type)).toEqual([
      "ReservationBooked",
      "StayChanged",
    ]);
    expect(history.entries[0]?.meaning).toEqual([
      { type: "ReservationCreated" },
      { type: "ReservationConfirmed" },
    ]);
    expect(history.entries[1]?.changed.map(({ field }) => field)).toEqual(["stay", "total"]);
    expect(history.nextAfterVersion).toBe(2);
    const rest = await client.history("reservation-1", 2, 2);
    expect(rest.entries.map(({ state }) => state.status)).toEqual(["cancelled"]);
    expect(rest.nextAfterVersion).toBeNull();
    const hotel = await client.history("hotel-seaview", 0, 2);
    expect(hotel.entries[0]?.state).toMatchObject({ status: "open", bookings: {} });
  });

  it("tells subscribers every event once, across a break", async () => {
    story({
      given:
        "somebody who subscribes to all events, leaves after three, and comes back with the last cursor",
      when: "twelve commands are handled all the while, at the same time",
      wanted: "the twelve events, each once, in the order of the store",
    });
    const { client } = await open(["relay"]);
    const before = client.events(null);
    const commands = Array.from({ length: 12 }, (_, index) =>
      client.create(
        { reservationId: `reservation-${index}`, ...input },
        { waitForReadModel: false },
      ),
    );
    const first = await before.take(3);
    before.leave();
    const after = client.events(first.at(-1)?.cursor ?? null);
    await Promise.all(commands);
    const rest = await after.take(9);
    after.leave();
    const told = [...first, ...rest].map(({ event }) => event.streamId);
    expect([...told].sort()).toEqual(
      Array.from({ length: 12 }, (_, index) => `reservation-${index}`).sort(),
    );
  });

  it("tells who watches a reservation each time that its row has changed", async () => {
    story({
      given: "somebody who watches reservation-1, which is not there yet",
      when: "it is created, and confirmed when the row has been seen",
      wanted: "nothing at version 0, pending at 1, confirmed at 2",
    });
    const { client } = await open();
    const changes = client.changes("reservation-1");
    const seen = [...(await changes.take(1))];
    await client.create({ reservationId: "reservation-1", ...input });
    seen.push(...(await changes.take(1)));
    await client.confirm("reservation-1");
    seen.push(...(await changes.take(1)));
    changes.leave();
    expect(seen.map(({ version, reservation }) => [version, reservation?.status])).toEqual([
      [0, undefined],
      [1, "pending"],
      [2, "confirmed"],
    ]);
  });

  it("books, from the request to the room that is taken", async () => {
    story({
      given: "the Astoria with one double, ada with 500.00 EUR, reservation-1 pending",
      when: "its booking is requested",
      wanted: "BookingCompleted in the stream of the booking, and one room taken on each night",
    });
    const { client } = await open();
    await client.openHotel("astoria");
    await client.registerGuest("ada");
    await client.create({ reservationId: "reservation-1", ...input });
    const booking = client.streamEvents("booking-reservation-1");
    expect(await client.book("reservation-1")).toMatchObject({ version: 1 });
    const events = await booking.take(4);
    booking.leave();
    expect(events.map(({ type }) => type)).toEqual([
      "BookingRequested",
      "HoldRequested",
      "ConfirmationRequested",
      "BookingCompleted",
    ]);
    await until("rooms taken", () => client.occupancy("astoria"), [1, 1]);
  });

  it("is ready when database and broker are, and says how far relay and projection are behind", async () => {
    story({
      given: "an API without relay and projector, and one reservation",
      when: "/ready is asked",
      wanted: "200, one event not published and not projected",
    });
    const { client, api } = await open([]);
    await client.create({ reservationId: "reservation-1", ...input }, { waitForReadModel: false });
    const response = await fetch(`${api.url}/ready`);
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        ready: true,
        database: { ok: true },
        broker: { ok: true },
        lag: { ok: true, notPublished: 1, notProjected: 1 },
      },
    ]);
  });

  it("shows the same read model when it is built anew from the log", async () => {
    story({
      given: "old rows, a reservation, and a booking on its way",
      when: "the read model is built anew, twice, by the system's own projection",
      wanted: "the same rows and checkpoints each time: one hash",
    });
    await installTables(test.database.setUpPool);
    await writeFirstRelease(test.store());
    const { client } = await open();
    await client.openHotel("astoria");
    await client.registerGuest("ada");
    await client.create({ reservationId: "reservation-9", ...input });
    await client.book("reservation-9");
    await until(
      "the booking's last event",
      async () =>
        (await client.history("booking-reservation-9", 0, 10)).entries.at(-1)?.stored.type,
      "BookingCompleted",
    );
    await settled(test);
    const hashes = [await hashOf(test.database.setUpPool)];
    const [projection] = knownProjections();
    if (!projection) return expect.fail("there is no projection");
    for (let time = 0; time < 2; time += 1) {
      await rebuild({ pool: test.database.setUpPool, projection });
      hashes.push(await hashOf(test.database.setUpPool));
    }
    expect(new Set(hashes).size, "different hashes").toBe(1);
  });
});
