/** Where PostgreSQL comes from. */

import { userInfo } from "node:os";
import pg from "pg";
import { reasonOf, withoutPassword } from "./address.ts";
import { startContainer, whyNoDocker } from "./docker.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { environment } from "./environment.ts";
import { climb, InfrastructureMissing, type Rung, type RunningService } from "./ladder.ts";

/** `xid8`, which step 06 builds on, and `drop database ... with (force)` came with it. */
const oldestVersion = 13;

const remedy =
  "PostgreSQL is needed here, and there is none to be had. Start one with " +
  "`docker compose up -d postgres`, or install PostgreSQL 13 or later, or point DATABASE_URL " +
  "at a server on which you may create databases.";

export function startPostgres(): Promise<RunningService> {
  return climb("postgres", [fromUrl, fromLocalPort, fromDocker, fromEmbeddedBinaries], remedy);
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
      const container = await startContainer({
        name: "postgres:15",
        port: 5432,
        environment: { POSTGRES_PASSWORD: "postgres" },
        // The first is the temporary server that initialises the database.
        ready: { line: /database system is ready to accept connections/, times: 2 },
      });
      const url = `postgres://postgres:postgres@${container.host}:${container.port}/postgres`;
      const found = await inspect(url);
      if (typeof found === "string") {
        await container.stop();
        return found;
      }
      const label = `${found.label} (container)`;
      return { url, label, isPrivate: true, stop: container.stop };
    } catch (error) {
      return `postgres:15 does not start: ${reasonOf(error, "")}`;
    }
  },
};

const fromEmbeddedBinaries: Rung = {
  name: "embedded",
  async start() {
    const server = await startEmbeddedPostgres();
    if (typeof server === "string") return server;
    const found = await inspect(server.url);
    const label = `${typeof found === "string" ? "PostgreSQL" : found.label} (embedded)`;
    return { url: server.url, label, isPrivate: true, stop: server.stop };
  },
};

function running(url: string, label: string): Omit<RunningService, "passedOver"> {
  return { url, label, isPrivate: false, stop: async () => {} };
}

/** What answers there, or why it is of no use. */
async function inspect(url: string): Promise<{ readonly label: string } | string> {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) return "it is no postgres:// URL";
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
