/** Folders, progress files and permissions that are not as they should be: a clear message, nothing lost. */

import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { solved } from "./answers.ts";
import { expectSaid, expectThat } from "./fault.ts";
import {
  allSteps,
  expectUntouched,
  isThere,
  type Learner,
  progressOf,
  read,
  remove,
  save,
  write,
} from "./learner.ts";
import type { Station } from "./station.ts";

const first = "01-aggregate";
const second = "02-replay";
const progress = ".workshop/progress.json";

/** Begins where the first step was solved, was spoilt since, and holds the reference's code again. */
export const badState: readonly Station[] = [
  { name: "two runs at once, and two resets", visit: twoAtOnce },
  { name: "a step's folder renamed, then deleted", visit: folderGone },
  { name: "a broken progress file", visit: brokenProgress },
  { name: "a progress file of a newer workshop", visit: newerProgress },
  { name: "a folder in which nothing can be written", visit: readOnly },
];

async function twoAtOnce(learner: Learner): Promise<void> {
  const { solved: when } = progressOf(learner, first);
  const [one, two] = await Promise.all([learner.types("npm test 1"), learner.types("npm test 2")]);
  expectSaid(one, { code: 0, says: [`Step ${first} is green`] });
  expectSaid(two, { code: 1, says: ["NOT WRITTEN YET a replay › "] });
  expectThat(progressOf(learner, first).fingerprint !== undefined, "01 is remembered", one);
  expectThat(progressOf(learner, first).solved === when, "01 was first solved when it was", one);
  expectThat(progressOf(learner, second).failing?.[0] === "a replay", "02 is remembered", two);

  write(learner, `steps/${second}/replay.ts`, "// mine\n");
  const before = allSteps(learner);
  const resets = await Promise.all([
    learner.types("npm run reset 2"),
    learner.types("npm run reset 2"),
  ]);
  for (const said of resets) expectSaid(said, { code: 0, says: [`steps/${second}`] });
  const undone = await learner.types("npm run undo 2");
  expectSaid(undone, { code: 0, says: ["Taken back"] });
  expectUntouched(learner, before, undone);
  expectSaid(await learner.types("npm run undo 2"), { code: 0 });
}

async function folderGone(learner: Learner): Promise<void> {
  const folder = `steps/${second}`;
  const before = allSteps(learner);
  const [there, renamed] = [join(learner.root, folder), join(learner.root, "steps/02-mine")];
  renameSync(there, renamed);
  const says = [`steps/${second} is not there, but steps/02-mine is`, `Rename it to ${second}`];
  for (const command of ["test", "run hint", "run play", "run solution", "run reset", "run undo"]) {
    expectSaid(await learner.types(`npm ${command} 2`), { code: 2, says });
  }
  expectSaid(await learner.types("npm start"), { code: 0, says: ["✔ 01"] });
  renameSync(renamed, there);
  expectUntouched(learner, before);

  remove(learner, folder);
  const restore = `git restore steps/${second}`;
  expectSaid(await learner.types("npm test 2"), { code: 2, says: [restore] });
  expectSaid(await learner.types("npm run progress"), { code: 0, says: ["✔ 01"] });
  expectSaid(await learner.types(restore), { code: 0 });
  expectThat(isThere(learner, `${folder}/README.md`), `${restore} brings the folder back`);
}

async function brokenProgress(learner: Learner): Promise<void> {
  const broken = `${read(learner, progress).slice(0, 60)}`;
  write(learner, progress, broken);
  const said = await learner.types("npm run progress");
  expectSaid(said, { code: 0, says: ["progress.json was broken", "npm test N", "0 of "] });
  const [aside = ""] = readdirSync(join(learner.root, ".workshop")).filter((name) =>
    name.startsWith("progress.broken-"),
  );
  expectThat(read(learner, `.workshop/${aside}`) === broken, "the broken file is kept aside", said);
  expectSaid(await learner.types("npm test 1"), { code: 0, says: ["1 of ", "Next: npm test 2"] });
}

async function newerProgress(learner: Learner): Promise<void> {
  const before = read(learner, progress);
  const newer = before.replace('"format": 1', '"format": 7');
  write(learner, progress, newer);
  const steps = allSteps(learner);
  const says = ["is of a newer workshop (format 7", "WORKSHOP.md, Updating"];
  for (const command of ["npm run progress", "npm start"]) {
    expectSaid(await learner.types(command), { code: 2, says });
  }
  expectSaid(await learner.types("npm test 1"), {
    code: 0,
    says: [`Step ${first} is green`, ...says],
  });
  const reset = await learner.types("npm run reset 1");
  expectSaid(reset, { code: 0, says: ["Starters again"] });
  expectSaid(await learner.types("npm run undo"), { code: 0, says: ["Taken back"] });
  expectUntouched(learner, steps);
  expectThat(read(learner, progress) === newer, "the newer file is left as it is", reset);
  write(learner, progress, before);
}

/** Nothing is forbidden to root, so that there another account has to do it. */
async function readOnly(learner: Learner): Promise<void> {
  if (process.platform === "win32") return;
  const isRoot = process.getuid?.() === 0;
  const home = join(learner.root, ".workshop", "home");
  mkdirSync(home, { recursive: true });
  if (isRoot) for (const path of below(learner, ".workshop")) chownSync(path, nobody, nobody);
  const typing = isRoot
    ? { user: { uid: nobody, gid: nobody }, env: { HOME: home, TMPDIR: home } }
    : {};
  write(learner, `steps/${first}/stay.ts`, "// mine\n");
  const folders = below(learner, "steps").filter((path) => statSync(path).isDirectory());
  const before = allSteps(learner);
  const beginning = read(learner, progress);
  const lock = (mode: number): void => {
    for (const path of isRoot ? [] : folders) chmodSync(path, mode);
  };
  lock(0o555);
  try {
    for (const command of ["npm run reset 1", "npm run solution 1 -- --apply"]) {
      const said = await learner.types(command, ".", typing);
      expectSaid(said, { code: 2, says: ["Nothing was changed", "steps/01-aggregate"] });
      expectUntouched(learner, before, said);
    }
    expectSaid(await learner.types("npm run hint 1", ".", typing), { code: 0, says: ["Task "] });
    expectSaid(await learner.types("npm run progress", ".", typing), { code: 0, says: ["01"] });
  } finally {
    lock(0o755);
  }
  expectThat(read(learner, progress) !== beginning, "the hint is remembered");
  save(learner, first, solved(first));
}

const nobody = 65534;

/** The folder, and every folder and file below it. */
function below({ root }: Learner, folder: string): readonly string[] {
  const found = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return [folder, ...found.map((path) => join(folder, path))].map((path) => join(root, path));
}
