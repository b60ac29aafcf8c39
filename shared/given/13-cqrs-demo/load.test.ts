/** How step 13 loads a reservation, which is given: it stands on the learner's `foldRows`. */

import { expect, it } from "vitest";
import { load } from "../../../solutions/13-cqrs-demo/write-side.ts";
import { useDatabase } from "../../testing/database.ts";
import { cancelled, confirmed, created, reservationId } from "../../testing/reservations.ts";
import { putRow, snapshotAt } from "../../testing/snapshots.ts";
import { sideOf, todays } from "../../testing/write-side.ts";

const database = useDatabase(13);

it("goes on from a snapshot, and says at which version that was and how long it took", async () => {
  const { store, history } = await todays(created, confirmed, cancelled);
  await putRow(database.setUpPool, snapshotAt(history, 2));
  const started = performance.now();
  const loaded = await load(sideOf(store, database.pool).side, reservationId);
  expect(loaded.milliseconds).toBeLessThanOrEqual(performance.now() - started);
  expect(loaded).toMatchObject({
    streamId: reservationId,
    version: 3,
    snapshotVersion: 2,
    state: { status: "cancelled" },
  });
});

it("needs nobody who hears of a snapshot that cannot be read", async () => {
  const { store } = await todays(created, confirmed);
  const broken = { query: () => Promise.reject(new Error("no database")) };
  expect(await load(sideOf(store, broken).side, reservationId)).toMatchObject({ version: 2 });
});
