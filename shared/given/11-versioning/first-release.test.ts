/** What step 11 promises of the store itself: reading old events in new words writes nothing. */

import { expect, it } from "vitest";
import { postgresEventStore } from "../../../solutions/04-concurrency/event-store.ts";
import { firstRelease } from "../../../solutions/11-versioning/first-release.ts";
import { load } from "../../../solutions/11-versioning/replay-stored.ts";
import { useDatabase } from "../../testing/database.ts";

const database = useDatabase(4);

/** Every byte of every row, as PostgreSQL writes it out. */
async function allRows(): Promise<string> {
  const { rows } = await database.setUpPool.query<{ rows: string }>(
    "select string_agg(events::text, E'\\n' order by position) as rows from events",
  );
  return rows[0]?.rows ?? "";
}

it("the rows of the first release are byte for byte what they were after they were read", async () => {
  const store = postgresEventStore(database.pool);
  for (const { streamId, version, ...event } of firstRelease) {
    const { id, type, schemaVersion, data, metadata } = event;
    await store.append(streamId, [{ id, type, schemaVersion, data, metadata }], version - 1);
  }
  const before = await allRows();
  const streams = [...new Set(firstRelease.map(({ streamId }) => streamId))];

  const states = await Promise.all(streams.map((streamId) => load(store, streamId)));

  expect(states.map(({ state }) => state.status)).not.toContain("none");
  expect(before.split("\n")).toHaveLength(firstRelease.length);
  expect(await allRows()).toBe(before);
});
