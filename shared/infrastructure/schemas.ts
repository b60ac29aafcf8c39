/** Tables from files. Each step's `schema.ts` lists what it needs, the steps before it included. */

import { readFile } from "node:fs/promises";
import type pg from "pg";

/** Runs the files in this order. Safe to repeat, as each leaves alone what is there. */
export async function installSchemas(
  db: Pick<pg.Pool, "query">,
  files: readonly URL[],
): Promise<void> {
  for (const file of files) await db.query(await readFile(file, "utf8"));
}
