/** Hints, solution, reset and undo: what is shown, and that nothing which a learner wrote is ever lost. */

import { solved } from "./answers.ts";
import { expectSaid, expectThat } from "./fault.ts";
import { allSteps, expectUntouched, type Learner, progressOf, read, write } from "./learner.ts";
import type { Station } from "./station.ts";

const id = "04-concurrency";
const file = `steps/${id}/expected-version.ts`;
const mine = ["mine.ts", "notes.md"];

export const changing: readonly Station[] = [
  { name: "hints go up, are remembered, and end", visit: hintsGoUp },
  { name: "the solution is shown, and changes nothing", visit: solutionIsShown },
  { name: "solution, reset and undo, there and back", visit: thereAndBack },
];

async function hintsGoUp(learner: Learner): Promise<void> {
  const hint = "npm run hint 4 2";
  const says = ["Task 2: ", "A nudge (1 of 3)", "npm run hint 4 2 says more"];
  expectSaid(await learner.types(hint), { code: 0, says, not: ["(2 of 3)"] });
  expectSaid(await learner.types(hint), { code: 0, says: ["(2 of 3)"] });
  const last = ["(3 of 3)", "This was the last hint of this task", "npm run solution 4"];
  expectSaid(await learner.types(hint), { code: 0, says: last });
  const all = ["(1 of 3)", "(2 of 3)", "(3 of 3)", "There are no more hints"];
  expectSaid(await learner.types(hint), { code: 0, says: all });
  expectThat(progressOf(learner, id).hints?.["2"] === 3, "three hints of task 2 are remembered");
  expectSaid(await learner.types("npm run hint 4 9"), { code: 2, says: ["There is no task 9"] });
  expectSaid(await learner.types("npm run hint 4"), { code: 0, says: ["Task 1: ", "(1 of 3)"] });
}

async function solutionIsShown(learner: Learner): Promise<void> {
  write(learner, file, `${read(learner, file)}// my own thought\n`);
  for (const name of mine) write(learner, `steps/${id}/${name}`, "export {};\n");
  const before = allSteps(learner);
  const said = await learner.types("npm run solution 4");
  expectSaid(said, {
    code: 0,
    says: ["From your code (-) to the reference (+)", file, "npm run solution 4 -- --apply"],
    not: ["BEGIN SOLUTION", "END SOLUTION"],
  });
  const has = (line: string): boolean => said.output.split("\n").includes(line);
  expectThat(has("-// my own thought"), "the learner's line is shown as going", said);
  expectThat(has("+      return actual === 0;"), "the reference's is shown as coming", said);
  expectUntouched(learner, before, said);
}

async function thereAndBack(learner: Learner): Promise<void> {
  const first = allSteps(learner);
  const applied = await learner.types("npm run solution 4 -- --apply");
  expectSaid(applied, {
    code: 0,
    says: [
      `Now the reference's, in steps/${id}`,
      `you added it: ${mine.join(", ")}`,
      "npm run undo",
    ],
  });
  for (const { name, text } of solved(id)) {
    expectThat(
      read(learner, `steps/${id}/${name}`) === text,
      `${name} is the reference's`,
      applied,
    );
  }
  const kept = backupIn(applied.output);
  const saved = read(learner, `.workshop/backups/${kept}/before/expected-version.ts`);
  expectThat(saved.endsWith("// my own thought\n"), "the backup holds what was there", applied);

  write(learner, file, `${read(learner, file)}// second thought\n`);
  const second = allSteps(learner);
  const reset = await learner.types("npm run reset", `steps/${id}`);
  expectSaid(reset, { code: 0, says: [`Starters again, in steps/${id}`, "npm run undo"] });
  expectThat(read(learner, file).includes("new NotImplemented("), "the starter is back", reset);

  write(learner, file, "// third thought, and this does not even parse {\n");
  const third = allSteps(learner);
  expectSaid(await learner.types("npm run reset 4"), { code: 0, says: ["expected-version.ts"] });
  const again = await learner.types("npm run reset 4");
  expectSaid(again, { code: 0, says: ["are the starter's already"] });
  const starter = allSteps(learner);

  const undone = await learner.types("npm run undo 4");
  expectSaid(undone, { code: 0, says: [`Taken back: the reset of ${id}`] });
  expectUntouched(learner, third, undone);
  const back = await learner.types("npm run undo");
  expectSaid(back, { code: 0, says: [`Taken back: the undo in ${id}`] });
  expectUntouched(learner, starter, back);

  const list = await learner.types("npm run undo -- --list");
  expectSaid(list, { code: 0, says: [`npm run undo ${kept}`, `reset of ${id}`] });
  for (const [name, files] of [
    [backupIn(reset.output), second],
    [kept, first],
  ] as const) {
    const named = await learner.types(`npm run undo ${name}`);
    expectSaid(named, { code: 0, says: ["As before"] });
    expectUntouched(learner, files, named);
  }
}

/** The backup that the command has made. */
function backupIn(output: string): string {
  return /\.workshop\/backups\/(\S+)/.exec(output)?.[1] ?? "";
}
