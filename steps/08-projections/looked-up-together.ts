/** Many who wait look at the same moment, each time the bell rings: one query answers them all. Given. */

import type { Queryable } from "../03-event-store/rows.ts";

interface Look {
  readonly streamId: string;
  resolve(version: number): void;
  reject(error: unknown): void;
}

interface Looks {
  isUnderWay: boolean;
  next: Look[];
}

const looksOf = new WeakMap<Queryable, Looks>();

/**
 * The version of the stream in the read model, 0 when it has none of it. The first who asks is answered by a
 * query of its own; those who ask meanwhile by the one after it, together. A query for each would be as many
 * at each ring as there are waiting, and all of them would wait for each other.
 */
export function versionInReadModel(db: Queryable, streamId: string): Promise<number> {
  const looks = looksOf.get(db) ?? { isUnderWay: false, next: [] };
  looksOf.set(db, looks);
  return new Promise((resolve, reject) => {
    looks.next.push({ streamId, resolve, reject });
    if (!looks.isUnderWay) void lookUntilDone(db, looks);
  });
}

async function lookUntilDone(db: Queryable, looks: Looks): Promise<void> {
  looks.isUnderWay = true;
  while (looks.next.length > 0) {
    const all = looks.next;
    looks.next = [];
    try {
      const versions = await versionsOf(db, [...new Set(all.map(({ streamId }) => streamId))]);
      for (const { streamId, resolve } of all) resolve(versions.get(streamId) ?? 0);
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }
  looks.isUnderWay = false;
}

async function versionsOf(
  db: Queryable,
  streamIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ stream_id: string; version: number }>({
    name: "projected-versions",
    text: "select stream_id, version from projected_streams where stream_id = any($1)",
    values: [streamIds],
  });
  return new Map(rows.map(({ stream_id, version }) => [stream_id, version]));
}
