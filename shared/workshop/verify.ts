/**
 * `npm run verify`: the robot takes the workshop as learners do; then the reference's tests and the demo
 * run in every place that servers come from here.
 *
 *   npm run verify                      all of it
 *   npm run verify robot                only the robot
 *   npm run verify binaries embedded    only these places; those that this machine has not got are named
 *   npm run verify robot -- --install   `npm ci` in each clone, where else it shares this one's packages
 *   npm run verify robot -- --only Zoë  only the learners whose name holds this
 *
 * Ends with 1 where a check failed, or where nothing could be checked.
 */

import { parseArgs } from "node:util";
import { rungNames } from "../infrastructure/ladder.ts";
import { runCommand } from "./command.ts";
import { runRobot } from "./robot/robot.ts";
import { verifyPlaces } from "./verify-places.ts";

const robot = "robot";

await runCommand("npm run verify, or npm run verify robot embedded", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { install: { type: "boolean", default: false }, only: { type: "string" } },
  });
  const known = [robot, ...rungNames];
  const unknown = positionals.find((word) => !known.includes(word));
  if (unknown !== undefined) {
    throw new RangeError(`"${unknown}" is nothing to verify: there are ${known.join(", ")}.`);
  }
  const isChosen = (word: string): boolean =>
    positionals.length === 0 || positionals.includes(word);
  const places = rungNames.filter(isChosen);
  // The robot first: it ends what it began by itself, and would be cut short by a run that ends the process.
  const walked = isChosen(robot)
    ? await runRobot({ installs: values.install, only: values.only })
    : { passed: 0, failed: 0 };
  const verified = places.length > 0 ? await verifyPlaces(places) : { passed: 0, failed: 0 };
  const [passed, failed] = [walked.passed + verified.passed, walked.failed + verified.failed];
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
});
