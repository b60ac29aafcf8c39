import fc from "fast-check";
import type pg from "pg";
import { beforeAll, describe, expect } from "vitest";
import { emptied, openFor, requestBooking } from "../../shared/testing/booking-database.ts";
import { endsOf, excesses } from "../../shared/testing/booking-judge.ts";
import { workOff } from "../../shared/testing/booking-work.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { law } from "../../shared/testing/law.ts";
import { costs } from "../../shared/testing/story.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { dispatchAll } from "./dispatcher.ts";
import { handleEvent } from "./inbox.ts";
import { fireDue } from "./timeouts.ts";

const database = useDatabase(12);
const parts = { dispatchAll, handleEvent };
let pool: pg.Pool;

beforeAll(() => {
  // Hundreds of commits: here the server need not wait for its disk.
  pool = database.newPool({ options: "-c synchronous_commit=off" });
});

/** After how many statements each process dies; the one after the last lives on. */
const deaths = fc.array(fc.nat(90), { maxLength: 3 });
/** After which death, if so many there are, the next process starts a quarter of an hour late. */
const late = fc.nat(3);

describe("bookings whose process dies", () => {
  costs("a deployment at the wrong second, and the last room is held by a booking that is no more");

  law("restarted", "at any statement, any number of times, end with rooms and credit conserved", {
    given: [deaths, late],
    seed: 12,
    runs: 5,
    async holds(deaths, late) {
      await emptied(pool);
      const store = postgresEventStore(pool);
      await openFor(store, 1, 500);
      await requestBooking(store);
      await requestBooking(store, { reservationId: "reservation-2" });
      for (const [index, statements] of [...deaths, Number.POSITIVE_INFINITY].entries()) {
        const process = crashingPool(pool, statements).pool;
        try {
          if (index === late) {
            // The dispatcher first: a booking that it has not seen yet has no timeout.
            await dispatchAll({
              pool: process,
              store: postgresEventStore(process),
              name: "bookings",
            });
            await fireDue(process, postgresEventStore(process), "2030-01-10T09:20:00.000Z");
          }
          await workOff(process, parts);
        } catch (error) {
          if (!(error instanceof Error) || error.name !== "Crash") throw error;
        }
      }
      const { actual, wanted } = await endsOf(store);
      expect(actual, "where each booking has ended").toEqual(wanted);
      expect(await excesses(store), "rooms or credit beyond what there is").toEqual([]);
    },
    story: (deaths, late) => ({
      given: "the Astoria has one double, ada 500.00 EUR; she requests it twice",
      when: [
        ...deaths.map(
          (statements, index) => `process ${index + 1} dies before its statement ${statements + 1}`,
        ),
        ...(late <= deaths.length ? [`process ${late + 1} starts after both have timed out`] : []),
        `process ${deaths.length + 1} works until nothing is left`,
      ],
      wanted:
        "each reservation is confirmed, its room held and ada charged, or it is cancelled, with no room and no charge",
    }),
  });
});
