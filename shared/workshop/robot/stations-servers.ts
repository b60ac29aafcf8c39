/** The doctor, and servers that are started for other tools and gone after Ctrl-C. */

import { mkdirSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expectSaid, expectThat } from "./fault.ts";
import { allSteps, expectUntouched, type Learner } from "./learner.ts";
import type { Station } from "./station.ts";

export const servers: readonly Station[] = [
  { name: "the doctor looks, and changes nothing", visit: doctorLooks },
  { name: "servers until Ctrl-C, and nothing left of them", visit: infraEnds },
];

async function doctorLooks(learner: Learner): Promise<void> {
  const before = allSteps(learner);
  const said = await learner.types("npm run doctor");
  const isReady = said.output.includes("You are ready: npm start.");
  expectSaid(said, { code: isReady ? 0 : 1, says: ["Node", "packages", "disk", "port 5432"] });
  if (!isReady) expectSaid(said, { code: 1, says: ["to mend first"] });
  const json = await learner.types("npm run --silent doctor -- --json");
  expectSaid(json, { code: isReady ? 0 : 1 });
  const { format, ready, findings } = JSON.parse(json.output);
  expectThat(
    format === 1 && ready === isReady && Array.isArray(findings),
    "the same as JSON",
    json,
  );
  expectUntouched(learner, before);
}

/** The embedded ones, which are this command's own; temporary files in a folder that can be looked through. */
async function infraEnds(learner: Learner): Promise<void> {
  if (process.platform === "win32") return; // There is no Ctrl-C that a program could type.
  const temporary = join(learner.root, "..", "temporary");
  mkdirSync(temporary, { recursive: true });
  const places = { TMPDIR: temporary, TMP: temporary, TEMP: temporary };
  const said = await learner.types("npm run infra", ".", {
    env: { ...places, WORKSHOP_INFRA: "embedded" },
    interruptAt: "until Ctrl-C",
  });
  // Some npm ends by the signal, too, when its script has ended well.
  expectSaid(said, {
    code: said.code === 130 ? 130 : 0,
    says: [/DATABASE_URL=postgres/, /AMQP_URL=amqp/, "What was started is stopped and removed"],
  });
  for (const [, port] of said.output.matchAll(/_URL=\S+?:(\d+)(?:\/|$)/gm)) {
    expectThat(!(await isListening(Number(port))), `nobody listens at port ${port} any more`, said);
  }
  const left = readdirSync(temporary, { recursive: true, encoding: "utf8" }).filter(
    (name) => !/^(tsx-|node-compile-cache|event-sourcing-workshop-\d+$)/.test(name),
  );
  expectThat(left.length === 0, `no temporary file is left, also ${left.join(", ")}`, said);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
