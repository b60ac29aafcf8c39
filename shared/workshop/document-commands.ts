/**
 * Who tries out the commands of the documents: the robot (`npm run verify robot`) types each in a clone
 * and judges its exit code; the few that it cannot type are named here, with the reason.
 */

import { commandsIn, type Document } from "./documents.ts";

interface Tried {
  readonly command: string | RegExp;
  /** Its exit code in a fresh clone; none where only a learner's way leads to it, and it is judged there. */
  readonly code?: number;
}

const byTheRobot: readonly Tried[] = [
  { command: /^npm test \d+$/, code: 1 },
  { command: "npm test 4 2", code: 1 },
  { command: "npm test 1 -- --vitest", code: 1 },
  { command: "npm test 1 -- --replay nights:1:5", code: 1 },
  { command: "npm run mistakes 4", code: 0 },
  { command: "npm run mistakes 4 checks-then-acts", code: 0 },
  { command: "npm run mistakes 4 -- --all", code: 0 },
  { command: /^npm run explore \d+$/, code: 1 },
  { command: /^npm run play \d+$/, code: 1 },
  { command: "npm start", code: 0 },
  { command: "npm start 4", code: 0 },
  { command: "npm run progress", code: 0 },
  { command: "npm run --silent progress -- --json", code: 0 },
  { command: "npm run hint 4", code: 0 },
  { command: "npm run hint 4 2", code: 0 },
  { command: /^npm run solution \d+$/, code: 0 },
  { command: "npm run solution 4 -- --apply", code: 0 },
  { command: "npm run solution 4 -- --alternatives", code: 0 },
  { command: /^npm run reset \d+$/, code: 0 },
  { command: "npm run undo", code: 0 },
  { command: "npm run undo 4", code: 0 },
  { command: "npm run undo -- --list", code: 0 },
  { command: "npm run doctor" },
  { command: "npm run --silent doctor -- --json" },
  { command: "npm run infra" },
  { command: "npm run demo", code: 0 },
  { command: "npm run demo -- --mine", code: 0 },
  { command: "npm run demo -- --trace", code: 0 },
  { command: "npm run starters", code: 0 },
  { command: "npm run broker:contract", code: 0 },
  { command: "git pull" },
  { command: "git switch -c mine" },
  { command: "git add steps" },
  { command: 'git commit -m "My steps"' },
  { command: "git fetch" },
  { command: "git merge -X ours origin/main" },
];

const elsewhere: Readonly<Record<string, string>> = {
  "npm ci": ".ci/run begins with it, and the robot may: npm run verify robot -- --install",
  "npm test": ".ci/run runs it three times; it tests the workshop, which takes minutes",
  "npm run check": ".ci/run runs it",
  "npm run check -- --links": "it needs a network, and other people's servers",
  "npx tsc -p .": "npm run check does the same",
  "npm run verify": "it is what starts the robot",
  "npm run verify robot": "it is what starts the robot",
  "npm run bench": "it measures for minutes, and there is nothing to judge but a fast machine",
  "npm run bench append": "as npm run bench",
  "npm run bench snapshots": "as npm run bench",
  "npm run mistakes -- --check": ".ci/run runs the shorter one, with --times 1",
  "npm run mistakes -- --check --times 20": "as above, for an hour",
  "npm run solution -- --alternatives --check": ".ci/run runs it",
  "npm run mutation tools": "it runs the tests of the tools fifty times",
  "npm run mutation": "it runs the tests of all steps two thousand times, which takes hours",
  "npm run mutation 4": "as npm run mutation",
  "npm run demo -- --serve": "it serves until somebody ends it: shared/workshop/demo.test.ts does",
  "npm run demo -- --roles api,relay*2,projector*2,saga": ".ci/run runs it",
  "npm run load": ".ci/run runs it, for five seconds",
  "npm run load -- --rate max": "as npm run load",
  "npm run chaos -- --minutes 10": ".ci/run runs it for twenty seconds",
  "docker compose -f docker-compose.cluster.yml up -d --wait":
    ".ci/docker runs it, where Docker can be had; the test in shared/scale does the same from programs",
  "docker compose up -d": ".ci/docker runs it, where Docker can be had",
};

/** One sentence for each command that nobody tries out, and for each that is named here for nothing. */
export function documentedCommandFaults(documents: readonly Document[]): readonly string[] {
  const found = documents.flatMap(({ name, text }) =>
    commandsIn(text).map((command) => ({ name, command })),
  );
  const isDocumented = (fits: (command: string) => boolean): boolean =>
    found.some(({ command }) => fits(command));
  const untried = found
    .filter(({ command }) => elsewhere[command] === undefined && triedAs(command) === undefined)
    .map(
      ({ name, command }) =>
        `${name}: nobody tries out \`${command}\`: add it to shared/workshop/document-commands.ts.`,
    );
  const idle = [
    ...Object.keys(elsewhere).filter((command) => !isDocumented((other) => other === command)),
    ...byTheRobot
      .filter((tried) => !isDocumented((command) => fits(tried, command)))
      .map(({ command }) => String(command)),
  ].map((command) => `shared/workshop/document-commands.ts: no document has \`${command}\`.`);
  return [...new Set([...untried, ...idle])];
}

export interface CommandToTry {
  readonly command: string;
  readonly code: number | undefined;
}

/** The documented commands that the robot has to type, each once. */
export function commandsToTry(documents: readonly Document[]): readonly CommandToTry[] {
  const commands = new Set(documents.flatMap(({ text }) => commandsIn(text)));
  return [...commands].flatMap((command) => {
    const tried = triedAs(command);
    return tried ? [{ command, code: tried.code }] : [];
  });
}

function triedAs(command: string): Tried | undefined {
  return byTheRobot.find((tried) => fits(tried, command));
}

function fits({ command: wanted }: Tried, command: string): boolean {
  return typeof wanted === "string" ? wanted === command : wanted.test(command);
}
