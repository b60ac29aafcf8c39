import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  cancelled,
  confirmed,
  created,
  ofReservation,
  reservationId,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { findReservation } from "../../solutions/08-projections/reservations-view.ts";
import { applyToView } from "./apply-to-view.ts";

const database = useDatabase(8);
const readModel = "the read model";

describe("an event applied to the view", () => {
  costs("the board says 11 of 12 rooms are taken, and six guests arrive");

  /** Applies the events in order, without guard and checkpoint. */
  async function apply(events: readonly EventEnvelope[]): Promise<void> {
    for (const event of events) await applyToView(database.pool, event);
  }

  it("makes a row of a created reservation, which takes no rooms yet", async () => {
    story({
      given: "an empty view",
      when: "ReservationCreated, hotel-1, 2030-05-01 → 05-03, is applied",
      wanted: "a pending row with what the event says; no rooms are taken",
    });
    const history = recorded(reservationId, [created]);
    await apply(history);
    const { reservations, occupancy } = viewOf(history);
    expect(await readModelIn(database.pool), readModel).toMatchObject({ reservations, occupancy });
  });

  it("takes a room for each night of a confirmed one, not for the day of departure", async () => {
    story({
      given: "a pending row in hotel-1, 2030-05-01 → 05-03",
      when: "ReservationConfirmed is applied",
      wanted: "confirmed; one room more on 1 May and on 2 May, none on 3 May",
    });
    await apply(recorded(reservationId, [created, confirmed]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "confirmed" }],
      occupancy: ["hotel-1 2030-05-01: 1", "hotel-1 2030-05-02: 1"],
    });
  });

  it("counts two reservations of the same night as two", async () => {
    story({
      given: "reservation-1 is confirmed in hotel-1, 2030-05-01 → 05-03",
      when: "reservation-2, 2030-05-02 → 05-05, is created and confirmed, too",
      wanted: "1, 2, 1, 1 rooms from 1 to 4 May",
    });
    await apply(recorded(reservationId, [created, confirmed]));
    const other = { ...created, data: { ...created.data, stay: stayChanged.data.to } };
    await apply(
      recorded("reservation-2", [
        ofReservation("reservation-2", other),
        ofReservation("reservation-2", confirmed),
      ]),
    );
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      occupancy: [
        "hotel-1 2030-05-01: 1",
        "hotel-1 2030-05-02: 2",
        "hotel-1 2030-05-03: 1",
        "hotel-1 2030-05-04: 1",
      ],
    });
  });

  it("moves the stay of a pending reservation without taking rooms", async () => {
    story({
      given: "a pending row, 2030-05-01 → 05-03",
      when: "StayChanged to 2030-05-02 → 05-05, 360.00 EUR, is applied",
      wanted: "the new stay and the new total; still no rooms",
    });
    await apply(recorded(reservationId, [created, stayChanged]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ arrival: "2030-05-02", departure: "2030-05-05", total: "36000 EUR" }],
      occupancy: [],
    });
  });

  it("moves the rooms with the stay of a confirmed one", async () => {
    story({
      given: "a confirmed row, 2030-05-01 → 05-03, with a room on 1 and 2 May",
      when: "StayChanged to 2030-05-02 → 05-05 is applied",
      wanted: "the new stay; a room on 2, 3 and 4 May, none on 1 May any more",
    });
    await apply(recorded(reservationId, [created, confirmed, stayChanged]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "confirmed", arrival: "2030-05-02", departure: "2030-05-05" }],
      occupancy: ["hotel-1 2030-05-02: 1", "hotel-1 2030-05-03: 1", "hotel-1 2030-05-04: 1"],
    });
  });

  it("gives the rooms of a confirmed one back when it is cancelled", async () => {
    story({
      given: "a confirmed row, 2030-05-02 → 05-05, with a room on each night",
      when: "ReservationCancelled is applied",
      wanted: "cancelled, with the event's reason; no rooms are taken",
    });
    await apply(recorded(reservationId, [created, confirmed, stayChanged, cancelled]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "cancelled", cancellationReason: "plans changed" }],
      occupancy: [],
    });
  });

  it("gives nothing back for a pending one, which had taken none", async () => {
    story({
      given: "a pending row, no rooms taken",
      when: "ReservationCancelled is applied",
      wanted: "cancelled; the rooms stay at 0, not at -1",
    });
    await apply(recorded(reservationId, [created, cancelled]));
    expect(await readModelIn(database.pool), readModel).toMatchObject({
      reservations: [{ status: "cancelled" }],
      occupancy: [],
    });
  });

  it.each<ReservationEvent>([confirmed, stayChanged, cancelled])(
    "leaves the rows of all others as they are: $type",
    async (event) => {
      story({
        given: "reservation-1 and reservation-2, both created",
        when: `${event.type} of reservation-1 is applied`,
        wanted: "reservation-2 is as it was",
        costs: "an update without a where: one guest cancels, and every booking is cancelled",
      });
      await apply(recorded("reservation-2", [ofReservation("reservation-2", created)]));
      const before = await findReservation(database.pool, "reservation-2");
      await apply(recorded<ReservationEvent>(reservationId, [created, event]));
      const after = await findReservation(database.pool, "reservation-2");
      expect(after, "the row of reservation-2").toMatchObject({ status: "pending" });
      expect(after, "the row of reservation-2").toEqual(before);
    },
  );

  it.each<ReservationEvent>([confirmed, stayChanged, cancelled])(
    "dates the row by when the event was recorded, not by a clock: $type",
    async (event) => {
      story({
        given: "a row that was created",
        when: `${event.type} is applied, recorded at 2030-01-01T12:00:01Z`,
        wanted: "updatedAt is that time",
        costs: "a view that is built anew has another date in each row: nobody can compare the two",
      });
      await apply(recorded<ReservationEvent>(reservationId, [created, event]));
      expect(await readModelIn(database.pool), readModel).toMatchObject({
        reservations: [{ updatedAt: "2030-01-01T12:00:01.000Z" }],
      });
    },
  );
});
