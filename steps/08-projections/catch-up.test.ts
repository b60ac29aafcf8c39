import { beforeEach, describe, expect, it } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import { confirmed, created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { catchUp } from "./catch-up.ts";
import { project } from "./projection.ts";
import { type Cursor, listReservations, occupancy } from "./reservations-view.ts";

const database = useDatabase(8);
let store: EventStore;

/** Five confirmed reservations in two hotels, arriving on different days, not in order. */
const arrivals = [
  ["reservation-1", "hotel-1", "2030-05-03"],
  ["reservation-2", "hotel-2", "2030-05-01"],
  ["reservation-3", "hotel-1", "2030-05-01"],
  ["reservation-4", "hotel-1", "2030-05-02"],
  ["reservation-5", "hotel-1", "2030-05-01"],
] as const;

beforeEach(async () => {
  store = inMemoryEventStore();
  for (const [reservationId, hotelId, arrival] of arrivals) {
    const stay = { arrival, departure: "2030-05-04" };
    const events = [
      { ...created, data: { ...created.data, reservationId, hotelId, stay } },
      { ...confirmed, data: { ...confirmed.data, reservationId } },
    ];
    await store.append(
      reservationId,
      events.map((event) => newEvent(event)),
      "no-stream",
    );
  }
});

/** Most stories here begin with these. */
const given = "5 confirmed reservations, 10 events in the store";

describe("catching up with the store", () => {
  costs("a queue is deleted by mistake: what was in it is never in the view");

  it("projects what is missing, once, beside what the bus delivered", async () => {
    story({
      given,
      when: "the bus delivers the 4th to the 6th of them, then catchUp runs twice",
      wanted: "it projects the other 6, then 0; all 10 are in the view, each once",
    });
    const events = await eventsIn(store);
    for (const event of events.slice(3, 6)) await project(database.pool, store, event);
    // Three came, and reservation-2's first was fetched, because its second came.
    expect(await catchUp(database.pool, store), "projected by the first catchUp").toBe(6);
    expect(await catchUp(database.pool, store), "projected by the second catchUp").toBe(0);
    expect(await readModelIn(database.pool), "the read model").toEqual(viewOf(events));
  });

  it("keeps no more than a batch in memory", async () => {
    story({
      given,
      when: "catchUp reads the store in batches of 3",
      wanted:
        "it is never more than 3 events ahead of the view: a batch is projected, then the next",
      costs: "the store grows to a million events, and each start needs 4 GB",
    });
    const ahead: number[] = [];
    const watched: EventStore = {
      ...store,
      async *readAll(options) {
        let read = 0;
        for await (const event of store.readAll(options)) {
          const { rows } = await database.pool.query<{ projected: number }>(
            "select coalesce(sum(version), 0)::integer as projected from projected_streams",
          );
          ahead.push(read - (rows[0]?.projected ?? 0));
          read += 1;
          yield event;
        }
      },
    };
    expect(await catchUp(database.pool, watched, 3), "projected").toBe(10);
    expect(ahead, "events read but not projected, at each event").toEqual([
      0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
    ]);
  });
});

describe("a list of reservations", () => {
  costs("the desk turns the page, and a guest who arrives today is on neither");

  it.each([
    [2, [["2", "3"], ["5", "4"], ["1"]]],
    [
      3,
      [
        ["2", "3", "5"],
        ["4", "1"],
      ],
    ],
    [5, [["2", "3", "5", "4", "1"]]],
  ])("comes in pages of %s in the order of arrival, each once", async (limit, pages) => {
    story({
      given: "5 reservations that arrive from 1 to 3 May",
      when: `they are listed in pages of ${limit}, until there is no next one`,
      wanted: `${pages.length} pages, by day of arrival, then by id, each reservation once`,
    });
    await catchUp(database.pool, store);
    const listed: string[][] = [];
    let next: Cursor | undefined;
    do {
      const page = await listReservations(database.pool, { limit, ...(next && { after: next }) });
      listed.push(page.reservations.map(({ reservationId }) => reservationId));
      next = page.next;
    } while (next && listed.length < 6);
    const wanted = pages.map((page) => page.map((number) => `reservation-${number}`));
    expect(listed, "the pages").toEqual(wanted);
  });

  it("can be of one hotel, one guest, one status", async () => {
    story({
      given: "4 confirmed reservations in hotel-1 and 1 in hotel-2, all of guest-1",
      when: "they are listed by hotel, by guest, and by status in hotel-2",
      wanted: "hotel-1: 4; guest-1: 5, guest-2: 0; confirmed: 1, cancelled: 0",
    });
    await catchUp(database.pool, store);
    const found = async (options: Parameters<typeof listReservations>[1]) =>
      (await listReservations(database.pool, options)).reservations.length;
    const counts = {
      hotel: await found({ hotelId: "hotel-1" }),
      guest: await found({ guestId: "guest-1" }),
      otherGuest: await found({ guestId: "guest-2" }),
      confirmed: await found({ hotelId: "hotel-2", status: "confirmed" }),
      cancelled: await found({ hotelId: "hotel-2", status: "cancelled" }),
    };
    expect(counts, "how many are listed").toEqual({
      hotel: 4,
      guest: 5,
      otherGuest: 0,
      confirmed: 1,
      cancelled: 0,
    });
  });

  it("never is longer than 200, whatever is asked for", async () => {
    story({
      given: "205 reservations",
      when: "a page of 1,000,000 is asked for",
      wanted: "200 of them, and where the next page begins",
      costs: "one script asks for everything, and the desk waits for its turn",
    });
    await catchUp(database.pool, store);
    await database.pool.query(
      `insert into reservations_view
       select 'copy-' || copy, hotel_id, guest_id, room_type, guests, status, arrival, departure,
              total_amount, total_currency, cancellation_reason, updated_at
         from reservations_view, generate_series(1, 200) as copy
        where reservation_id = 'reservation-1'`,
    );
    const { reservations, next } = await listReservations(database.pool, { limit: 1_000_000 });
    expect(reservations.length, "reservations on the page").toBe(200);
    const offered = next === undefined ? "no next page" : "a next page";
    expect(offered, "what it says of those behind them").toBe("a next page");
  });
});

describe("the occupancy of a hotel", () => {
  costs("the board says full, and a wedding party is turned away; or free, and two guests arrive");

  it("counts its rooms night by night, also where there are none", async () => {
    story({
      given: "4 confirmed stays until 4 May, from 1 May (two), 2 May and 3 May on",
      when: "its occupancy from 30 April to 4 May is asked for",
      wanted: "0, 2, 3, 4, 0 rooms",
    });
    await catchUp(database.pool, store);
    const nights = await occupancy(database.pool, "hotel-1", "2030-04-30", "2030-05-05");
    expect(nights, "the rooms by night").toEqual([
      { night: "2030-04-30", rooms: 0 },
      { night: "2030-05-01", rooms: 2 },
      { night: "2030-05-02", rooms: 3 },
      { night: "2030-05-03", rooms: 4 },
      { night: "2030-05-04", rooms: 0 },
    ]);
  });
});
