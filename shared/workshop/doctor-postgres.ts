/** PostgreSQL, on its port and by DATABASE_URL: its version, what its account may do, its clock. */

import { userInfo } from "node:os";
import { isAddress, reasonOf, withoutPassword } from "../infrastructure/address.ts";
import { type Finding, fine, notable, stopping, type World } from "./doctor-finding.ts";
import { greetPostgres } from "./doctor-greeting.ts";
import { firstPlace, freePort, takenPort } from "./doctor-port.ts";

/** What a server tells of itself. */
export interface SeenPostgres {
  readonly version: number;
  readonly role: string;
  readonly mayCreate: boolean;
  /** Milliseconds that its clock is ahead of this machine's, and how sure that is. */
  readonly ahead: number;
  readonly tolerance: number;
}

/** What listens on PostgreSQL's port. */
export async function lookAtPostgresPort(world: World): Promise<readonly Finding[]> {
  const port = world.ports.postgres;
  const greeting = await greetPostgres(port);
  if (greeting.kind === "nobody") return [freePort(port)];
  if (greeting.kind === "stranger") return takenPort(world, port, "PostgreSQL");
  const reasons: string[] = [];
  // The accounts that a run tries there.
  for (const account of ["postgres:postgres", encodeURIComponent(userInfo().username)]) {
    const seen = await seePostgres(`postgres://${account}@127.0.0.1:${port}/postgres`, world);
    const counts = firstPlace(world, "DATABASE_URL") === "local";
    if (typeof seen !== "string") return judgePostgres(seen, `port ${port}`, "notable", counts);
    reasons.push(seen);
  }
  const remedy =
    "a run goes on without it; to use it, name an account in DATABASE_URL (.env.example)";
  return [notable(`port ${port}`, `PostgreSQL, but ${reasons[0]}`, remedy)];
}

/** The server of DATABASE_URL; no finding where that is not set. */
export async function lookAtDatabaseUrl(world: World): Promise<readonly Finding[]> {
  const url = world.env.DATABASE_URL ?? "";
  if (url === "") return [];
  const about = "DATABASE_URL";
  const counts = firstPlace(world, about) === "urls";
  const seen = await seePostgres(url, world);
  if (typeof seen !== "string") return judgePostgres(seen, about, "stopping", counts);
  const found = `${withoutPassword(url)}: ${seen}`;
  return [(counts ? stopping : notable)(about, found, "start that server, or correct or unset it")];
}

/** The findings about a server that lets us in. `counts`: a run would use it, so its clock matters. */
function judgePostgres(
  { version, role, mayCreate, ahead, tolerance }: SeenPostgres,
  about: string,
  fault: "notable" | "stopping",
  counts: boolean,
): readonly Finding[] {
  const faulty = fault === "stopping" && counts ? stopping : notable;
  const other =
    fault === "stopping" ? "name another server there, or unset it" : "a run takes another";
  if (version < 13) {
    return [faulty(about, `PostgreSQL ${version}; the workshop needs 13 or newer`, other)];
  }
  if (!mayCreate) {
    const remedy = `alter role "${role}" createdb, as an administrator there; or ${other}`;
    return [faulty(about, `PostgreSQL ${version}, where ${role} may not create databases`, remedy)];
  }
  const server = fine(about, `PostgreSQL ${version}, where ${role} may create databases`);
  return counts ? [server, clockFinding(ahead, tolerance)] : [server];
}

/** Its clock writes the events' times, and this one the learner's. */
function clockFinding(ahead: number, tolerance: number): Finding {
  const seconds = (Math.abs(ahead) / 1000).toFixed(1);
  if (Math.abs(ahead) <= 2_000 + tolerance)
    return fine("clocks", "PostgreSQL's and this one agree");
  const found = `PostgreSQL's is ${seconds} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`;
  const remedy = "set both by the network (with Docker Desktop: restart it); times will look odd";
  return notable("clocks", found, remedy);
}

/** What the server tells, or why it does not. */
async function seePostgres(url: string, { now }: World): Promise<SeenPostgres | string> {
  if (!/^postgres(ql)?:\/\//.test(url) || !isAddress(url)) {
    return "it is no postgres:// URL; a password writes / ? # @ as %2F %3F %23 %40";
  }
  // Only here: the doctor has to say so where this package is missing.
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {}); // the failed query tells
  try {
    await client.connect();
    const asked = now();
    const { rows } = await client.query<{
      readonly version: number;
      readonly role: string;
      readonly may_create: boolean;
      readonly clock: number;
    }>(
      `select current_setting('server_version_num')::int / 10000        as version,
              rolname                                                   as role,
              rolcreatedb or rolsuper                                   as may_create,
              (extract(epoch from clock_timestamp()) * 1000)::float8    as clock
         from pg_roles
        where rolname = current_user`,
    );
    const answered = now();
    const [row] = rows;
    if (!row) return "it does not tell who is connected";
    const { version, role, may_create: mayCreate, clock } = row;
    const tolerance = (answered - asked) / 2;
    return { version, role, mayCreate, ahead: clock - (asked + tolerance), tolerance };
  } catch (error) {
    return reasonOf(error, url);
  } finally {
    await client.end().catch(() => {});
  }
}
