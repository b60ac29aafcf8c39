/** Docker and Compose: wanted by many, needed by nobody. */

import { whyNoDocker } from "../infrastructure/docker-daemon.ts";
import { type Finding, fine, notable, type World } from "./doctor-finding.ts";
import { ask, type Said } from "./doctor-programs.ts";

/** Whether containers can be run here. `daemon` tells why not. */
export async function lookAtDocker(
  { env }: World,
  daemon: () => Promise<string | undefined> = whyNoDocker,
): Promise<readonly Finding[]> {
  const [reason, client] = await Promise.all([daemon(), ask("docker", ["--version"], env)]);
  const version = /\d[\w.]*/.exec(client?.line ?? "")?.[0];
  if (reason === undefined) {
    if (client) return [fine("Docker", version ?? client.line)];
    const found = "its daemon answers, but there is no program docker on the PATH";
    return [
      notable("Docker", found, "nothing, unless you want docker compose: install the client"),
    ];
  }
  // As in "its daemon does not run: start it".
  const [found = reason, ...remedy] = reason.split(": ");
  const how = remedy.length > 0 ? remedy.join(": ") : "install Docker";
  return [notable("Docker", found, `nothing, as no step needs it; if you want it: ${how}`)];
}

/** Which Compose there is; no finding where there is no Docker. */
export async function lookAtCompose({ env }: World): Promise<readonly Finding[]> {
  const [docker, plugin, standalone] = await Promise.all([
    ask("docker", ["--version"], env),
    ask("docker", ["compose", "version", "--short"], env),
    ask("docker-compose", ["--version"], env),
  ]);
  if (plugin?.ended === "well") return [fine("Compose", plugin.line)];
  if (docker === undefined && standalone === undefined) return [];
  if (standalone?.ended === "well") return [standaloneFinding(standalone)];
  const remedy = "nothing, unless you want docker compose: docs.docker.com/compose/install";
  return [notable("Compose", "docker has no command compose", remedy)];
}

function standaloneFinding({ line }: Said): Finding {
  const version = /\d+\.[\w.]*/.exec(line)?.[0] ?? line;
  const remedy = "write docker-compose up -d where the workshop says docker compose up -d";
  return notable("Compose", `${version}, the program docker-compose`, remedy);
}
