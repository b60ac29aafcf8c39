import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { interrupted } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import {
  cancelledReservation,
  confirmedReservation,
  pendingReservation,
  reservationId,
  threeNights,
} from "../../shared/testing/reservations.ts";
import { keptIn, putRow, rowsIn } from "../../shared/testing/snapshots.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { type Snapshot, stateSchema, toRow } from "./snapshot.ts";
import { findSnapshot, saveSnapshot } from "./snapshots.ts";

const database = useDatabase(10);

const v2: Snapshot = {
  streamId: reservationId,
  version: 2,
  eventId: "00000000-0000-4000-8000-000000000002",
  state: confirmedReservation,
};
const v3: Snapshot = {
  ...v2,
  version: 3,
  eventId: "00000000-0000-4000-8000-000000000003",
  state: { ...confirmedReservation, stay: threeNights },
};
const v5: Snapshot = {
  ...v2,
  version: 5,
  eventId: "00000000-0000-4000-8000-000000000005",
  state: cancelledReservation,
};

describe("a snapshot that is found", () => {
  costs("a state that nobody ever had is taken for a guest's reservation, and decided on");

  it("is what was kept: state, version, and the id of the event", async () => {
    for (const snapshot of [v2, { ...v2, version: 1, state: pendingReservation }, v5]) {
      story({
        given: `the table has reservation-1 at version ${snapshot.version}, ${snapshot.state.status}`,
        when: "the snapshot of reservation-1 is looked for",
        wanted: "the snapshot, field by field",
      });
      await putRow(database.setUpPool, snapshot);
      const found = await findSnapshot(database.pool, reservationId);
      expect(found, "what is found").toEqual(snapshot);
    }
  });

  it("is that of its own stream, or there is none", async () => {
    story({
      given: "the table has a snapshot of reservation-1 only",
      when: "that of reservation-2 is looked for",
      wanted: "undefined",
    });
    await putRow(database.setUpPool, v2);
    expect(await findSnapshot(database.pool, "reservation-2"), "what is found").toBeUndefined();
  });

  it("was folded by code of this stateSchema", async () => {
    const older = { state_schema: stateSchema - 1, state: '{"status":"booked"}' };
    const newer = { state_schema: stateSchema + 1, state: '{"phase":"confirmed"}' };
    story({
      given: `reservation-1 by code of schema ${stateSchema - 1} and of ${stateSchema + 1}, checksums right`,
      when: `looked for by this code, of schema ${stateSchema}; then this code's own is there, too`,
      wanted: "undefined; then this code's own, though the newer code's has a higher version",
      costs: "the new field is undefined in every state: 9,400 guests are billed NaN euros",
    });
    await putRow(database.setUpPool, v3, older);
    await putRow(database.setUpPool, v5, newer);
    const found = await findSnapshot(database.pool, reservationId);
    expect(found, "what is found at first").toBeUndefined();
    await putRow(database.setUpPool, v2);
    expect(await findSnapshot(database.pool, reservationId), "what is found then").toEqual(v2);
  });

  it.each([
    ["the state", { state: JSON.stringify({ ...confirmedReservation, guests: 3 }) }],
    ["the state (it is cut off)", { state: '{"status":"confirmed","reserv' }],
    ["the version", { version: 7 }],
    ["the id of the event", { event_id: randomUUID() }],
    ["the stream", { stream_id: "reservation-2" }],
  ] as const)("is none where somebody has changed %s", async (what, changed) => {
    story({
      given: `a snapshot of reservation-1 at version 2, in which ${what} was changed afterwards`,
      when: "it is looked for",
      wanted: "undefined: the checksum is not that of what the row says. No error",
      costs: "a repair script touches a row, and the guest has three beds and pays for two",
    });
    const { checksum } = toRow(v2);
    await putRow(database.setUpPool, v2, { ...changed, checksum });
    const streamId = "stream_id" in changed ? changed.stream_id : reservationId;
    const found = await findSnapshot(database.pool, streamId);
    expect(found, "what is found").toBeUndefined();
  });
});

describe("a snapshot that is saved", () => {
  costs("the snapshot goes backwards, and each load is as slow as on the first day");

  it("is kept with its schema and its checksum, once for each stream", async () => {
    story({
      given: "an empty table",
      when: "reservation-1 is saved at version 2, then at 3, and reservation-2 at 2",
      wanted:
        "two rows: reservation-1 at version 3, reservation-2 at version 2, as toRow makes them",
    });
    await saveSnapshot(database.pool, v2);
    await saveSnapshot(database.pool, v3);
    await saveSnapshot(database.pool, { ...v2, streamId: "reservation-2" });
    const wanted = [toRow(v3), toRow({ ...v2, streamId: "reservation-2" })];
    const rows = await rowsIn(database.setUpPool);
    const inBrief = rows.map((row) => `${row.stream_id} at version ${row.version}`);
    expect(inBrief, "the table").toEqual([
      "reservation-1 at version 3",
      "reservation-2 at version 2",
    ]);
    for (const [index, row] of rows.entries()) {
      expect(row, `the row of ${row.stream_id}`).toEqual(wanted[index]);
    }
  });

  it("overwrites none that is newer", async () => {
    story({
      given: "the table has reservation-1 at version 5",
      when: "version 3 is saved, by somebody who was slow; then version 2",
      wanted: "still version 5, and no error",
    });
    await putRow(database.setUpPool, v5);
    await saveSnapshot(database.pool, v3);
    await saveSnapshot(database.pool, v2);
    const kept = await keptIn(database.setUpPool);
    expect(kept, "the table").toEqual(["reservation-1 at version 5"]);
  });

  it("overwrites none that became newer while it was on its way", async () => {
    story({
      given: "the table has reservation-1 at version 2, or nothing",
      when: "version 3 is saved, and after its first statement somebody else saves version 5",
      wanted: "version 5 in the end: to look first and to write then leaves room for another",
    });
    for (const before of [[v2], []]) {
      await database.setUpPool.query("truncate snapshots");
      for (const snapshot of before) await putRow(database.setUpPool, snapshot);
      const overtaken = interrupted(database.pool, 1, () => putRow(database.setUpPool, v5));
      await saveSnapshot(overtaken, v3);
      // Who needs one statement only was done before the other one came.
      await overtaken.query("select 1");
      const kept = await keptIn(database.setUpPool);
      expect(kept, "the table").toEqual(["reservation-1 at version 5"]);
    }
  });

  it("mends one of the same version that is broken", async () => {
    story({
      given: "the table has reservation-1 at version 3, with a wrong checksum",
      when: "version 3 is saved",
      wanted: "version 3 with the right checksum",
      costs: "one flipped bit, and this stream is never loaded from a snapshot again",
    });
    await putRow(database.setUpPool, v3, { checksum: "0000" });
    await saveSnapshot(database.pool, v3);
    const kept = await keptIn(database.setUpPool);
    expect(kept, "the table").toEqual(["reservation-1 at version 3"]);
  });

  it("leaves those of other code alone", async () => {
    story({
      given: [
        `reservation-1 at version 2, by code of schema ${stateSchema - 1}, which is still there, and`,
        `at version 5, by code of schema ${stateSchema + 1}, which runs beside this`,
      ],
      when: `version 3 is saved by this code, of schema ${stateSchema}`,
      wanted: "three rows: the older and the newer version stay",
      costs: "two releases overwrite each other's snapshots all day, and neither has one",
    });
    await putRow(database.setUpPool, v2, { state_schema: stateSchema - 1 });
    await putRow(database.setUpPool, v5, { state_schema: stateSchema + 1 });
    await saveSnapshot(database.pool, v3);
    expect(await keptIn(database.setUpPool), "the table").toEqual([
      `reservation-1 at version 2, of schema ${stateSchema - 1}`,
      "reservation-1 at version 3",
      `reservation-1 at version 5, of schema ${stateSchema + 1}`,
    ]);
  });
});
