/**
 * Rows that the first release has written, as they lie in the store: first-release.json. The file is
 * kept for ever and never edited. Code that cannot replay it cannot read the store.
 */

import { readFileSync } from "node:fs";
import type { EventEnvelope } from "../../shared/kernel/event.ts";

type JsonRow = Omit<EventEnvelope, "position"> & { readonly position: number };

const file = new URL("./first-release.json", import.meta.url);
const rows = JSON.parse(readFileSync(file, "utf8")) as readonly JsonRow[];

/** In the order of their positions. JSON has no bigint, so the position is made one here. */
export const firstRelease: readonly EventEnvelope[] = rows.map((row) => ({
  ...row,
  position: BigInt(row.position),
}));

/** The rows of one stream, in the order of their versions. */
export function rowsOf(streamId: string): readonly EventEnvelope[] {
  return firstRelease.filter((row) => row.streamId === streamId);
}
