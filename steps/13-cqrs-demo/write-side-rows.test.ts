import { describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import {
  cancelled,
  cancelledReservation,
  confirmed,
  confirmedReservation,
  created,
  reservationId,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import { putRow, snapshotAt } from "../../shared/testing/snapshots.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { oldStore, sideOf, todays } from "../../shared/testing/write-side.ts";
import type { Folded } from "../../solutions/10-snapshots/load.ts";
import { foldRows, load, nothing } from "./write-side.ts";

const database = useDatabase(13);

/** `confirmed, at version 2`: a whole state would be a screen full. */
function inWords(folded: Folded | undefined): string | undefined {
  return folded && `${folded.state.status}, at version ${folded.version}`;
}

describe("the rows of a reservation", () => {
  costs("a guest of the first release calls, and her reservation cannot be opened any more");

  it("are folded from the first on", async () => {
    story({
      given: "v1 created, v2 confirmed, v3 cancelled, as today writes them",
      when: "they are folded from nothing",
      wanted: "cancelled, at version 3, with the id of the last event",
    });
    const { store, history } = await todays(created, confirmed, cancelled);
    expect(await foldRows(store, reservationId, nothing)).toEqual({
      state: { ...cancelledReservation, confirmedAt: confirmedReservation.confirmedAt },
      version: 3,
      eventId: history.at(-1)?.id,
    });
  });

  it("are nothing where there are none", async () => {
    story({ when: "a stream without events is folded", wanted: "nothing, at version 0" });
    expect(await foldRows(inMemoryEventStore(), reservationId, nothing)).toEqual(nothing);
  });

  it("may be of any age, and be two events each", async () => {
    story({
      given: "reservation-1 of the first release: booked (created and confirmed), moved, cancelled",
      when: "it is folded",
      wanted: "at version 3 of the stream, cancelled, 193.05 EUR",
    });
    const folded = await foldRows(await oldStore(), "reservation-1", nothing);
    expect(folded?.version, "the version of the last row").toBe(3);
    expect(folded?.state).toMatchObject({
      status: "cancelled",
      hotelId: "grand-hotel",
      total: { amount: 19_305, currency: "EUR" },
    });
  });

  it("are read from the snapshot's event on", async () => {
    story({
      given: "four events, and a snapshot after the second",
      when: "they are folded onto the snapshot",
      wanted: "the state of all four; three rows read: the snapshot's own, and two behind it",
    });
    const { store, history } = await todays(created, confirmed, stayChanged, cancelled);
    const folded = await foldRows(store, reservationId, snapshotAt(history, 2));
    expect(folded).toMatchObject({ version: 4, eventId: history.at(-1)?.id });
    expect(folded?.state).toMatchObject({ status: "cancelled", stay: stayChanged.data.to });
    expect(store.eventsRead(), "rows read").toBe(3);
  });

  it("do not go on from a snapshot of something that has not happened here", async () => {
    story({
      given: "v1, v2, and a snapshot at v2 that ends with another event",
      when: "they are folded onto it",
      wanted: "undefined: the caller begins at the beginning",
    });
    const { store, history } = await todays(created, confirmed);
    const strange = { ...snapshotAt(history, 2), eventId: "00000000-0000-4000-8000-000000000000" };
    const folded = await foldRows(store, reservationId, strange);
    expect(inWords(folded), "what it goes on with").toBeUndefined();
  });

  it("do not go on from a snapshot that is ahead of them", async () => {
    story({
      given: "a backup of two events, and a snapshot at version 4 that was not restored with it",
      when: "they are folded onto it, and so is a stream that has no event at all",
      wanted: "undefined, both times: the caller begins at the beginning",
      costs: "commands are decided on a future that was taken back, and stored",
    });
    const { store } = await todays(created, confirmed);
    const { history } = await todays(created, confirmed, stayChanged, cancelled);
    const ahead = snapshotAt(history, 4);
    const ofTwo = await foldRows(store, reservationId, ahead);
    expect(inWords(ofTwo), "what it goes on with where there are two events").toBeUndefined();
    const ofNone = await foldRows(inMemoryEventStore(), reservationId, ahead);
    expect(inWords(ofNone), "what it goes on with where there is none").toBeUndefined();
  });

  it("are all read when the snapshot is not believed, or its table is not there", async () => {
    story({
      given:
        "v1 created, v2 confirmed, with a snapshot of another history; then no database at all",
      when: "the reservation is loaded",
      wanted: "confirmed, at version 2, both times; what went wrong is reported",
    });
    const { store, history } = await todays(created, confirmed);
    const strange = { ...snapshotAt(history, 2), eventId: "00000000-0000-4000-8000-000000000000" };
    await putRow(database.setUpPool, strange);
    const loaded = await load(sideOf(store, database.pool).side, reservationId);
    const { version, snapshotVersion } = loaded;
    const without = "what is loaded beside a snapshot of another history";
    expect({ version, snapshotVersion }, without).toEqual({ version: 2, snapshotVersion: 0 });
    expect(loaded.state, without).toMatchObject(confirmedReservation);
    const problems: unknown[] = [];
    const broken = { query: () => Promise.reject(new Error("no database")) };
    const side = { ...sideOf(store, broken).side, report: (it: unknown) => void problems.push(it) };
    expect(
      await load(side, reservationId),
      "what is loaded where no snapshot can be read",
    ).toMatchObject({ version: 2, snapshotVersion: 0 });
    expect(problems, "problems reported").toHaveLength(1);
  });
});
