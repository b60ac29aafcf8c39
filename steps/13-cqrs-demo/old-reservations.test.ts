import { describe, it, vi } from "vitest";
import { costs, story } from "../../shared/testing/story.ts";
import {
  now,
  requestBooking,
  settled,
  useServers,
  writeFirstRelease,
} from "../../shared/testing/system.ts";
import { until } from "../../shared/testing/waiting.ts";
import { installTables } from "../../solutions/13-cqrs-demo/schema-files.ts";
import { composeReservationSystem } from "./composition.ts";

// Whole systems, on servers that others may use as well.
vi.setConfig({ testTimeout: 60_000 });

const test = useServers();

describe("a booking for an old reservation", () => {
  costs("what was booked before the migration waits for a person, one by one");

  it("is decided on what its rows say today, and comes to its end", async () => {
    story({
      given:
        "reservation-3 of the first release: created and confirmed in one row, ReservationBooked",
      when: "a booking is requested for it, and the saga wants to confirm it",
      wanted: "nothing to do, say the old rows, it is confirmed: completed, and not parked",
    });
    await installTables(test.database.setUpPool);
    await writeFirstRelease(test.store());
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    await requestBooking(system.store, "reservation-3");
    const booking = async (): Promise<readonly string[]> => {
      const types: string[] = [];
      for await (const { type, data } of test.store().readStream("booking-reservation-3")) {
        const isParked = type === "BookingParked" && typeof data === "object" && data !== null;
        types.push(isParked && "reason" in data ? `${type}: ${data.reason}` : type);
      }
      return types;
    };
    const completed = [
      "BookingRequested",
      "HoldRequested",
      "ConfirmationRequested",
      "BookingCompleted",
    ];
    await until("the booking's events", booking, completed, test.troubles);
    await settled(test);
  });
});
