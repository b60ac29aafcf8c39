/** A newer workshop comes while a learner is under way, as WORKSHOP.md says it: nothing they wrote is lost. */

import { makeStarter } from "../starter.ts";
import { solved } from "./answers.ts";
import { expectSaid, expectThat } from "./fault.ts";
import {
  allSteps,
  expectUntouched,
  isThere,
  type Learner,
  progressOf,
  read,
  save,
  write,
} from "./learner.ts";
import type { Station } from "./station.ts";

/** What WORKSHOP.md tells to type. */
const branch = "git switch -c mine";
const commit = 'git add steps && git commit -m "My steps"';
const update = "git fetch && git merge -X ours origin/main";

const own = "steps/02-replay/mine.ts";
const thought = "// my own thought, at the end\n";

export const updating: readonly Station[] = [
  { name: "steps 01 and 02 are solved, 03 is begun", visit: solveTwo },
  { name: "an update beside what was changed, by git pull", visit: pullBeside },
  {
    name: "an update of what was changed: refused by git pull, merged from a branch",
    visit: mergeFirst,
  },
  { name: "the next update, with everything committed", visit: mergeAgain },
];

async function solveTwo(learner: Learner): Promise<void> {
  save(learner, "01-aggregate", solved("01-aggregate"));
  save(learner, "02-replay", solved("02-replay"));
  for (const file of ["02-replay/replay.ts", "03-event-store/storable.ts"]) append(learner, file);
  write(learner, own, "export {};\n");
  expectSaid(await learner.types("npm test 1"), { code: 0, says: ["1 of ", "Next: npm test 2"] });
  expectSaid(await learner.types("npm test 2"), { code: 0, says: ["2 of ", "Next: npm test 3"] });
}

function append(learner: Learner, file: string): void {
  write(learner, `steps/${file}`, `${read(learner, `steps/${file}`)}${thought}`);
}

/** A test and a README of a solved step, and all of an unsolved one that was not begun. */
async function pullBeside(learner: Learner, maintainer: Learner): Promise<void> {
  newTest(maintainer, "steps/01-aggregate/stay.test.ts");
  newLine(maintainer, "steps/01-aggregate/README.md");
  newStarter(maintainer, "05-command-handlers", "back-off.ts");
  newTest(maintainer, "steps/05-command-handlers/back-off.test.ts");
  newLine(maintainer, "steps/05-command-handlers/README.md");
  await release(maintainer);
  const before = codeOf(learner);
  expectSaid(await learner.types("git pull"), { code: 0 });
  expectSame(before, codeOf(learner), ["05-command-handlers/back-off.ts"]);
  await expectNewest(learner, maintainer, "05-command-handlers/back-off.ts");
  expectThat(read(learner, "steps/01-aggregate/README.md").includes(news), "the README is new");
  // Tests are no part of what was solved, so that 01 still is; a run includes the new one.
  expectSaid(await learner.types("npm run progress"), { code: 0, says: ["✔ 01", "✔ 02"] });
  const said = await learner.types("npm test 1 -- --vitest");
  expectSaid(said, { code: 0, says: ["Step 01-aggregate is green"] });
}

/** Starters of both solved steps and of the begun one, in lines that the learner has replaced and in others. */
async function mergeFirst(learner: Learner, maintainer: Learner): Promise<void> {
  newStarter(maintainer, "01-aggregate", "stay.ts");
  newStarter(maintainer, "03-event-store", "storable.ts");
  newTest(maintainer, "steps/03-event-store/storable.test.ts");
  newLine(maintainer, "steps/03-event-store/README.md");
  await release(maintainer);
  const before = allSteps(learner);
  const known = read(learner, ".workshop/progress.json");
  const refused = await learner.types("git pull");
  expectSaid(refused, { code: 1, says: ["would be overwritten by merge", "commit your changes"] });
  expectUntouched(learner, before, refused);

  expectSaid(await learner.types(branch), { code: 0 });
  await mergeIn(learner, ["01-aggregate/stay.ts", "03-event-store/storable.ts"]);
  expectThat(read(learner, ".workshop/progress.json") === known, "the progress is kept");
  const stay = read(learner, "steps/01-aggregate/stay.ts");
  expectThat(stay.includes("const millisecondsPerDay"), "the learner's code is there");
  expectThat(stay.includes(news), "what is new beside it is there, too");
  expectThat(!stay.includes("new NotImplemented("), "the new starter's TODO has not replaced it");
  const storable = read(learner, "steps/03-event-store/storable.ts");
  expectThat(storable.includes(news) && storable.endsWith(thought), "so it is where 03 was begun");
  expectThat(isThere(learner, own), "the learner's own file is there");

  const changed = ["~ 01", "✔ 02", "run its tests again"];
  expectSaid(await learner.types("npm run progress"), { code: 0, says: changed });
  const { solved: when } = progressOf(learner, "01-aggregate");
  expectSaid(await learner.types("npm test 1"), {
    code: 0,
    says: ["Step 01-aggregate is green", "2 of "],
  });
  expectThat(
    progressOf(learner, "01-aggregate").solved === when,
    "01 was first solved when it was",
  );
}

async function mergeAgain(learner: Learner, maintainer: Learner): Promise<void> {
  newStarter(maintainer, "02-replay", "replay.ts");
  newTest(maintainer, "steps/02-replay/replay.test.ts");
  await release(maintainer);
  append(learner, "04-concurrency/batch.ts");
  await mergeIn(learner, ["02-replay/replay.ts"]);
  const replay = read(learner, "steps/02-replay/replay.ts");
  expectThat(replay.includes(news) && replay.endsWith(thought), "both sides are in replay.ts");
  expectSaid(await learner.types("npm test 2"), { code: 0, says: ["yours: 01 02", "is green"] });
  // What was learnt there is there when the newest starter is wanted.
  expectSaid(await learner.types("npm run reset 2"), { code: 0, says: ["Starters again"] });
  await expectNewest(learner, maintainer, "02-replay/replay.ts");
  expectSaid(await learner.types("npm run undo"), { code: 0, says: ["Taken back"] });
  expectThat(
    read(learner, "steps/02-replay/replay.ts") === replay,
    "undo brings the merged one back",
  );
}

/** As WORKSHOP.md says; `merged` are the learner's files in which both sides have been at work. */
async function mergeIn(learner: Learner, merged: readonly string[]): Promise<void> {
  const before = codeOf(learner);
  expectSaid(await learner.types(commit), { code: 0 });
  expectSaid(await learner.types(update), { code: 0, not: ["CONFLICT"] });
  expectSame(before, codeOf(learner), merged);
  const state = await learner.types("git status --porcelain");
  expectSaid(state, { code: 0 });
  expectThat(state.output.trim() === "", "nothing is left to resolve or to commit", state);
}

/** The step's files that learners write, without documents and tests. */
function codeOf(learner: Learner): ReadonlyMap<string, string> {
  const all = [...allSteps(learner)];
  return new Map(all.filter(([name]) => !/\.(md|test\.ts)$/.test(name)));
}

function expectSame(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  but: readonly string[],
): void {
  const changed = [...before].filter(([name, bytes]) => after.get(name) !== bytes);
  const names = changed.map(([name]) => name.replaceAll("\\", "/"));
  const expected = `of the learner's code only ${but.join(", ")} has changed, not ${names.join(", ")}`;
  expectThat(names.join() === but.join(), expected);
}

async function expectNewest(learner: Learner, maintainer: Learner, file: string): Promise<void> {
  const isNewest = read(learner, `steps/${file}`) === read(maintainer, `steps/${file}`);
  expectThat(isNewest, `${file} is the newest starter`);
}

const news = "News of the newer workshop.";

/** In the docblock, which the learner has left alone, and in the TODO, which they have replaced. */
function newStarter(maintainer: Learner, id: string, name: string): void {
  const file = `solutions/${id}/${name}`;
  const source = read(maintainer, file)
    .replace("*/", `${news} */`)
    .replace(/(\/\/ BEGIN SOLUTION: )/, `$1${news} `);
  write(maintainer, file, source);
  write(maintainer, `steps/${id}/${name}`, makeStarter(file, source));
}

function newTest(maintainer: Learner, file: string): void {
  const test =
    'describe("a newer workshop", () => {\n  it("has one more test", () => {\n    expect(1 + 1).toBe(2);\n  });\n});\n';
  write(maintainer, file, `${read(maintainer, file)}\n${test}`);
}

function newLine(maintainer: Learner, file: string): void {
  write(maintainer, file, `${read(maintainer, file)}\n${news}\n`);
}

async function release(maintainer: Learner): Promise<void> {
  expectSaid(await maintainer.types('git add . && git commit --quiet -m "A newer workshop"'), {
    code: 0,
  });
}
