/**
 * `npm run doctor`: what on this machine helps or hinders the workshop, and what to do about it. It
 * leaves nothing behind. Ends with 1 where something stops the learner, else with 0.
 *
 * `npm run --silent doctor -- --json` prints the same for scripts, in this shape, to which fields may
 * be added but from which none goes away while `format` is 1:
 *
 *   { "format": 1, "ready": true, "findings": [
 *       { "about": "Node", "mark": "fine" | "notable" | "stopping", "found": "...", "remedy": "..." }] }
 */

import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { reasonOf } from "../infrastructure/address.ts";
import { environment } from "../infrastructure/environment.ts";
import { runCommand } from "./command.ts";
import { lookAtClone } from "./doctor-clone.ts";
import { lookAtCompose, lookAtDocker } from "./doctor-docker.ts";
import { type Check, examine, type Finding, stopping, type World } from "./doctor-finding.ts";
import { lookAtProgress, lookAtSpace, lookAtWriting } from "./doctor-folders.ts";
import { lookAtNode, lookAtNpm, lookAtPackages } from "./doctor-node.ts";
import { lookAtDatabaseUrl, lookAtPostgresPort } from "./doctor-postgres.ts";
import { lookAtAmqpUrl, lookAtRabbitPort } from "./doctor-rabbitmq.ts";
import { drawFindings, verdictOn } from "./doctor-report.ts";
import { lookAtLadder } from "./doctor-servers.ts";
import { root } from "./steps.ts";

await runCommand("npm run doctor, or npm run --silent doctor -- --json", async () => {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
  const findings = await examineAll();
  const isReady = findings.every(({ mark }) => mark !== "stopping");
  if (values.json) {
    console.log(JSON.stringify({ format: 1, ready: isReady, findings }, null, 2));
  } else {
    for (const line of drawFindings(findings)) console.log(line);
    console.log(`\n${verdictOn(findings)}`);
  }
  process.exitCode = isReady ? 0 : 1;
  // What a check that took too long has left open must not keep us.
  process.stdout.write("", () => process.exit());
});

async function examineAll(): Promise<readonly Finding[]> {
  const unreadable = loadEnvironment();
  const world: World = {
    root,
    temporary: tmpdir(),
    env: process.env,
    ports: { postgres: 5432, rabbitmq: 5672 },
    node: process.versions.node,
    now: Date.now,
  };
  const checks: readonly Check[] = [
    { about: "Node", look: () => lookAtNode(world) },
    { about: "npm", look: () => lookAtNpm(world) },
    { about: "packages", look: () => lookAtPackages(world) },
    { about: "clone", look: () => lookAtClone(world) },
    { about: "disk", look: () => lookAtSpace(world) },
    { about: "writing", look: () => lookAtWriting(world) },
    { about: "progress", look: () => lookAtProgress(world) },
    { about: "Docker", look: () => lookAtDocker(world) },
    { about: "Compose", look: () => lookAtCompose(world) },
    { about: "DATABASE_URL", look: () => lookAtDatabaseUrl(world) },
    { about: "AMQP_URL", look: () => lookAtAmqpUrl(world) },
    { about: "port 5432", look: () => lookAtPostgresPort(world) },
    { about: "port 5672", look: () => lookAtRabbitPort(world) },
  ];
  const found = [...unreadable, ...(await examine(checks, 15_000))];
  // Afterwards: to set a server up holds this process for seconds, and the others' limits would run out.
  const climbs: readonly Check[] = [
    { about: "a run uses", look: () => lookAtLadder(world, "DATABASE_URL", found) },
    { about: "a run uses", look: () => lookAtLadder(world, "AMQP_URL", found) },
  ];
  return [...found, ...(await examine(climbs, 90_000))];
}

/** Reads `.env`; where that cannot be done, no run can either. */
function loadEnvironment(): readonly Finding[] {
  try {
    environment();
    return [];
  } catch (error) {
    const remedy = "mend it, or move it away: .env.example shows what it may hold";
    return [stopping(".env", `cannot be read: ${reasonOf(error, "")}`, remedy)];
  }
}
