/** Where PostgreSQL comes from. */

import { userInfo } from "node:os";
import pg from "pg";
import { isAddress, reasonOf, withoutPassword } from "./address.ts";
import { startContainer } from "./docker.ts";
import { whyNoDocker } from "./docker-daemon.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { environment } from "./environment.ts";
import {
  climb,
  type Found,
  InfrastructureMissing,
  type Rung,
  type RunningService,
} from "./ladder.ts";
import { startPostgresOfThisMachine } from "./machine-programs.ts";
import { type PrivateServer, randomPassword } from "./private-server.ts";

/** `xid8`, which step 06 builds on, and `drop database ... with (force)` came with it. */
const oldestVersion = 13;

const remedy =
  "PostgreSQL is needed here, and there is none to be had. Start one with " +
  "`docker compose up -d postgres`, or install PostgreSQL 13 or later, or point DATABASE_URL " +
  "at a server on which you may create databases.";

export function startPostgres(): Promise<RunningService> {
  const rungs = [fromUrl, fromLocalPort, fromDocker, fromThisMachine, fromPackage];
  return climb("postgres", rungs, remedy);
}

const fromUrl: Rung = {
  name: "urls",
  async start() {
    const url = environment().DATABASE_URL ?? "";
    if (url === "") return "DATABASE_URL is not set";
    const found = await inspect(url);
    if (typeof found !== "string") return running(url, `${found.label} (DATABASE_URL)`);
    throw new InfrastructureMissing(
      "postgres",
      `DATABASE_URL is set to ${withoutPassword(url)}, which cannot be used: ${found}. ` +
        "Correct it, or unset it to let the workshop look for a server by itself.",
    );
  },
};

const fromLocalPort: Rung = {
  name: "local",
  async start() {
    const reasons: string[] = [];
    // The account of docker-compose.yml, then the one that an installation on macOS has.
    for (const account of ["postgres:postgres", encodeURIComponent(userInfo().username)]) {
      const url = `postgres://${account}@127.0.0.1:5432/postgres`;
      const found = await inspect(url);
      if (typeof found !== "string") return running(url, `${found.label} (local)`);
      reasons.push(found);
      if (!found.includes("authentication")) break;
    }
    return `127.0.0.1:5432: ${reasons[0]}`;
  },
};

const fromDocker: Rung = {
  name: "docker",
  async start() {
    const reason = await whyNoDocker();
    if (reason !== undefined) return reason;
    try {
      const password = randomPassword();
      const container = await startContainer({
        name: "postgres:15",
        port: 5432,
        environment: { POSTGRES_PASSWORD: password },
        // The first is the temporary server that initialises the database.
        ready: { line: /database system is ready to accept connections/, times: 2 },
      });
      const url = `postgres://postgres:${password}@${container.host}:${container.port}/postgres`;
      const found = await inspect(url);
      if (typeof found === "string") {
        await container.stop();
        return found;
      }
      const label = `${found.label} (container)`;
      return { url, label, isPrivate: true, stop: container.stop };
    } catch (error) {
      return reasonOf(error, "");
    }
  },
};

const fromThisMachine: Rung = {
  name: "binaries",
  start: async () => labelled(await startPostgresOfThisMachine(oldestVersion), "private"),
};

const fromPackage: Rung = {
  name: "embedded",
  start: async () => labelled(await startEmbeddedPostgres(), "embedded"),
};

async function labelled(server: PrivateServer | string, place: string): Promise<Found | string> {
  if (typeof server === "string") return server;
  const found = await inspect(server.url);
  if (typeof found !== "string") {
    return { ...server, label: `${found.label} (${place})`, isPrivate: true };
  }
  await server.stop();
  return found;
}

function running(url: string, label: string): Found {
  return { url, label, isPrivate: false, stop: async () => {} };
}

/** What answers there, or why it is of no use. */
async function inspect(url: string): Promise<{ readonly label: string } | string> {
  if (!/^postgres(ql)?:\/\//.test(url) || !isAddress(url)) {
    return "it is no postgres:// URL; a password writes / ? # @ as %2F %3F %23 %40";
  }
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {}); // the failed query tells
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; may_create: boolean; role: string }>(
      `select current_setting('server_version_num')::int / 10000 as version,
              rolcreatedb or rolsuper as may_create,
              rolname as role
         from pg_roles
        where rolname = current_user`,
    );
    const [row] = rows;
    if (!row) return "it does not tell who is connected";
    if (row.version < oldestVersion) {
      return `it is PostgreSQL ${row.version}, and the workshop needs ${oldestVersion} or later`;
    }
    if (!row.may_create) return `the account ${row.role} may not create databases`;
    return { label: `PostgreSQL ${row.version}` };
  } catch (error) {
    return reasonOf(error, url);
  } finally {
    await client.end().catch(() => {});
  }
}
