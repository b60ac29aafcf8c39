import { describe, expect, it } from "vitest";
import { eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  interruptedBy,
  locksOfRebuilds,
  threeAreLive,
  threeLive,
  useReadModel,
} from "../../shared/testing/rebuilding.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import type { Progress } from "./progress.ts";
import { firstProjection } from "./projection.ts";
import { rebuild } from "./rebuild.ts";

const { database, store } = useReadModel();

const theLive = "the live read model";
const locks = (): Promise<number> => locksOfRebuilds(database.setUpPool);

describe("two rebuilds at once", () => {
  costs("two people start it at 9:00, both write to the same tables, and every room counts twice");

  it("are refused: the second has no effect, the first goes on", async () => {
    story({
      given: `${threeLive}; a rebuild is in the middle of a batch`,
      when: "another one is started",
      wanted: "RebuildRunning for the second; the first ends well",
    });
    await threeAreLive(database.setUpPool);
    const outcomes: unknown[] = [];
    const others: Promise<string>[] = [];
    const projection = interruptedBy(firstProjection, async () => {
      const other = rebuild({ pool: database.newPool(), projection: firstProjection });
      const name = other.then(
        () => "it was not refused",
        (error: Error) => error.name,
      );
      others.push(name);
      outcomes.push(await soon(name, "the second waits for the first"));
    });
    try {
      await rebuild({ pool: database.pool, projection });
    } finally {
      // It must not be at work in the next test.
      await soon(Promise.all(others), "the second does not end, though the first is over");
    }
    expect(outcomes, "what came of the second").toEqual(["RebuildRunning"]);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });

  it("are not, when the connection of the first has broken", async () => {
    story({
      given: `${threeLive}; a rebuild is in the middle of a batch, and the server ends its connection`,
      when: "another one is started",
      wanted: "the first rejects and writes nothing more; the second ends well",
      costs: "after a crash the lock stays, and somebody has to know which row to delete",
    });
    await threeAreLive(database.setUpPool);
    const first = rebuild({
      pool: database.pool,
      projection: interruptedBy(firstProjection, async () => {
        await database.setUpPool.query(
          `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())`,
        );
        await until("how many rebuilds hold the lock", locks, 0);
      }),
    });
    await expect(first, "the first rebuild").rejects.toThrow();
    await rebuild({ pool: database.pool, projection: firstProjection });
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });
});

describe("a rebuild that is interrupted", () => {
  costs("it takes five hours, the deployment at four kills it, and it begins anew each day");

  it("goes on where it was when it is started again", async () => {
    story({
      given: `${threeLive}; a rebuild with 2 events a batch was killed in the middle of its third batch`,
      when: "it is started again",
      wanted: "it begins with 4 of 6 done, and applies the last 2 only",
    });
    await threeAreLive(database.setUpPool);
    let batches = 0;
    const dies = interruptedBy(firstProjection, async () => {
      batches += 1;
      if (batches === 3) throw new Error("killed");
    });
    const killed = rebuild({ pool: database.pool, projection: dies, batchSize: 2 }).then(
      () => false,
      (error: Error) => {
        if (error.message !== "killed") throw error;
        return true;
      },
    );
    expect(await killed, "whether the first rebuild was killed").toBe(true);
    await until("how many rebuilds hold the lock", locks, 0);

    const applied: string[] = [];
    const progress: Progress[] = [];
    await rebuild({
      pool: database.pool,
      projection: interruptedBy(firstProjection, async (events) => {
        for (const { streamId, version } of events) applied.push(`${streamId} v${version}`);
      }),
      batchSize: 2,
      onProgress: (now) => progress.push(now),
    });
    const { done, total } = progress[0] ?? { done: 0, total: 0 };
    expect(`${done} of ${total}`, "the progress at the start").toBe("4 of 6");
    expect(applied, "what the second run applies").toEqual([
      "reservation-3 v1",
      "reservation-3 v2",
    ]);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });
});
