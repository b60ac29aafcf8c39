/** Code that does not parse, ends the process, or never ends: told as such, and the learner goes on. */

import { solved } from "./answers.ts";
import { expectSaid, expectThat } from "./fault.ts";
import {
  allSteps,
  expectUntouched,
  type Learner,
  progressOf,
  read,
  save,
  write,
} from "./learner.ts";
import type { Station } from "./station.ts";

const id = "01-aggregate";
const file = `steps/${id}/stay.ts`;
const inside = "  const millisecondsPerDay";

interface BadCode {
  readonly name: string;
  /** From the solved file. */
  edit(text: string): string;
  readonly says: readonly (string | RegExp)[];
}

const wrecked: readonly BadCode[] = [
  {
    name: "a syntax error",
    edit: (text) => text.replace("countNights(stay: Stay)", "countNights( {"),
    says: ["CRASHED", new RegExp(`${file}:\\d+`)],
  },
  {
    name: "a file saved half-way",
    edit: (text) => text.slice(0, text.indexOf(inside) + 12),
    says: ["CRASHED", new RegExp(`${file}:\\d+`)],
  },
  ...[0, 1].flatMap((code): readonly BadCode[] => [
    {
      name: `process.exit(${code}) at import`,
      edit: (text) => `process.exit(${code});\n${text}`,
      says: ["CRASHED", "process.exit", `where ${file}:1`],
    },
    {
      name: `process.exit(${code}) in a function`,
      edit: (text) => text.replace(inside, `  process.exit(${code});\n${inside}`),
      says: ["CRASHED the nights of a stay", "process.exit", new RegExp(`where ${file}:\\d+`)],
    },
  ]),
];

const endless: readonly BadCode[] = [
  {
    name: "a loop without end in a function",
    edit: (text) => text.replace(inside, `  for (;;);\n${inside}`),
    says: ["TOO SLOW OR HANGING", new RegExp(`where ${file}:\\d+, in countNights`)],
  },
  {
    name: "a loop without end at import",
    edit: (text) => `for (;;);\n${text}`,
    says: ["TOO SLOW OR HANGING while the file was loaded", `where ${file}:1`],
  },
];

export const badCode: readonly Station[] = [
  { name: `${id} is solved`, visit: solve },
  ...[...wrecked, ...endless].map((bad) => ({
    name: bad.name,
    visit: (learner: Learner) => tryOut(learner, bad),
  })),
  { name: "a play of bad code", visit: playBadCode },
  { name: "a forgotten await", visit: forgetAwait },
];

async function solve(learner: Learner): Promise<void> {
  save(learner, id, solved(id));
  expectSaid(await learner.types("npm test 1"), { code: 0, says: [`Step ${id} is green`] });
  expectThat(progressOf(learner, id).solved !== undefined, "the step is solved");
}

async function tryOut(learner: Learner, { edit, says }: BadCode): Promise<void> {
  save(learner, id, solved(id));
  write(learner, file, edit(read(learner, file)));
  const [before, { solved: when }] = [allSteps(learner), progressOf(learner, id)];
  const said = await learner.types("npm test 1");
  expectSaid(said, { code: 1, says, not: ["is green", "INFRASTRUCTURE"] });
  expectUntouched(learner, before, said);
  expectThat(progressOf(learner, id).solved === when, "that it was solved once is kept", said);
  const overview = await learner.types("npm run progress");
  expectSaid(overview, { code: 0, says: ["~ 01", "has changed since: run its tests again"] });
}

/** Told in words, with a place where there is one; each ends by itself. */
async function playBadCode(learner: Learner): Promise<void> {
  for (const [edit, ...says] of [
    [wrecked[0]?.edit, `where ${file}:`],
    [
      (text: string) => text.replace(inside, `  throw new Error("ouch");\n${inside}`),
      "ouch",
      `where ${file}:`,
    ],
    [(text: string) => text.replace(inside, `  process.exit(0);\n${inside}`), "process.exit(0)"],
    [(text: string) => `await new Promise(() => {});\n${text}`, "a promise that nothing settles"],
  ] as const) {
    save(learner, id, solved(id));
    write(learner, file, edit?.(read(learner, file)) ?? "");
    expectSaid(await learner.types("npm run play 1"), {
      code: 1,
      says: ["CRASHED", ...says, "npm test 1"],
    });
  }
  // No signal reaches a loop without an await, so that the play ends itself.
  save(learner, id, solved(id));
  write(learner, file, read(learner, file).replace(inside, `  for (;;);\n${inside}`));
  expectSaid(await learner.types("npm run play 1"), {
    code: 137,
    says: ["HANGING the play of 01-aggregate", `where ${file}:`, "npm test 1"],
  });
  save(learner, id, solved(id));
}

/** The driver's warning becomes a line of the report, beside a red test that says less. */
async function forgetAwait(learner: Learner): Promise<void> {
  const store = "steps/03-event-store/event-store.ts";
  save(learner, "03-event-store", solved("03-event-store"));
  write(learner, store, read(learner, store).replace("await insertEvent(", "insertEvent("));
  expectSaid(await learner.types("npm test 3"), {
    code: 1,
    says: ["WRONG", "a promise in it", "AWAIT a query was sent", new RegExp(`where ${store}:\\d+`)],
    not: ["DeprecationWarning"],
  });
  expectSaid(await learner.types("npm run reset 3"), { code: 0 });
}
