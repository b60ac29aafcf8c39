/** What the two kinds of server have in common: a default port, a variable, and which of them counts. */

import { type Finding, fine, notable, type World } from "./doctor-finding.ts";
import { listenerOn } from "./doctor-listener.ts";

/** The two variables that name servers. */
export type UrlVariable = "DATABASE_URL" | "AMQP_URL";

/** Which place a run looks at first: a fault elsewhere stops nobody. */
export function firstPlace({ env }: World, variable: UrlVariable): string {
  const forced = env.WORKSHOP_INFRA ?? "";
  if (forced !== "") return forced;
  return (env[variable] ?? "") === "" ? "local" : "urls";
}

/** The finding for a port on which nobody listens. */
export function freePort(port: number): Finding {
  return fine(`port ${port}`, "free");
}

/** The finding for a port on which another kind of server listens, with its program where it can be known. */
export async function takenPort(
  { env }: World,
  port: number,
  service: string,
): Promise<readonly Finding[]> {
  const program = await listenerOn(port, env);
  const found = `taken by ${program ?? "a program that does not tell its name"}, not ${service}`;
  const remedy =
    "a run goes on without this port; for docker compose stop that program, " +
    "or give the port another number in docker-compose.yml and in .env";
  return [notable(`port ${port}`, found, remedy)];
}
