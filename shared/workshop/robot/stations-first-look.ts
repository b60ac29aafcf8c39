/** The first minutes in a fresh clone: what is printed, what is refused, and a look ahead at step 08. */

import { steps } from "../steps.ts";
import { expectSaid, expectThat } from "./fault.ts";
import { allSteps, expectUntouched, isThere, progressOf } from "./learner.ts";
import type { Station } from "./station.ts";

const all = steps.length;
const last = steps.at(-1);

export const firstLook: readonly Station[] = [
  {
    name: "a first npm start without a terminal, and the progress",
    async visit(learner) {
      const begun = `0 of ${all} steps`;
      const next = "Read steps/01-aggregate/README.md, write, and run npm test 1";
      expectSaid(await learner.types("npm start"), { code: 0, says: [begun, next] });
      expectSaid(await learner.types("npm run progress"), { code: 0, says: [begun, next] });
      const said = await learner.types("npm run --silent progress -- --json");
      const {
        format,
        solved,
        total,
        next: number,
      } = JSON.parse(expectSaid(said, { code: 0 }).output);
      const isNew = format === 1 && solved === 0 && total === all && number === 1;
      expectThat(isNew, "the JSON is that of a beginner", said);
      expectThat(!isThere(learner, ".workshop/progress.json"), "to look leaves no trace", said);
    },
  },
  {
    name: "steps and words that there are not",
    async visit(learner) {
      const before = allSteps(learner);
      for (const command of [
        "test",
        "run play",
        "run hint",
        "run solution",
        "run reset",
        "run undo",
      ]) {
        const [none, word] = [`npm ${command} ${all + 1}`, `npm ${command} banana`];
        const known = `There is no step ${all + 1}. The steps are 1, 2, 3`;
        expectSaid(await learner.types(none), { code: 2, says: [known] });
        if (command !== "test" && command !== "run play") continue;
        expectSaid(await learner.types(word), { code: 2, says: ['"banana" is not a step'] });
      }
      expectSaid(await learner.types("npm run play"), { code: 2, says: ["Which step?"] });
      expectUntouched(learner, before);
      expectThat(!isThere(learner, ".workshop/progress.json"), "what is refused leaves no trace");
    },
  },
  {
    name: "step 08 first, then back to 01",
    async visit(learner) {
      if (last === undefined) return;
      const { number, id } = last;
      const earlier = steps
        .slice(0, -1)
        .map((step) => step.id.slice(0, 2))
        .join(" ");
      expectSaid(await learner.types(`npm test ${number}`), {
        code: 1,
        says: [
          `yours: ${id.slice(0, 2)} · reference: ${earlier}`,
          "NOT WRITTEN YET",
          `npm run hint ${number}`,
        ],
        not: ["CRASHED", "WRONG", "INFRASTRUCTURE", "TOO SLOW"],
      });
      const { opened, tested, solved, failing = [] } = progressOf(learner, id);
      expectThat(isInstant(opened) && isInstant(tested), "the run is remembered");
      expectThat(solved === undefined && failing.length > 0, "as a red one");
      expectSaid(await learner.types("npm run progress"), {
        code: 0,
        says: ["▸ begun", new RegExp(`Next: ${id.slice(0, 2)} · `), `npm test ${number}, and when`],
      });
    },
  },
];

function isInstant(text: string | undefined): boolean {
  return text !== undefined && !Number.isNaN(Date.parse(text));
}
