/** Wrong tools, as step tests have wrong solutions: a judge that calls red green, a ladder that does not do as it is told. */

export interface ToolMistake {
  /** As a sentence whose subject is the tool: `calls a failed test green`. */
  readonly title: string;
  /** Relative to the repository's root. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The test file that goes red. */
  readonly caughtBy: string;
}

export const toolMistakes: readonly ToolMistake[] = [
  {
    title: "the report takes a missing server for the learner's fault",
    file: "shared/workshop/verdict.ts",
    find: 'if (named("InfrastructureMissing")) return "infrastructure";',
    replace: "",
    caughtBy: "shared/workshop/verdict.test.ts",
  },
  {
    title: "the report takes code that is not written yet for wrong code",
    file: "shared/workshop/verdict.ts",
    find: 'named("NotImplemented") || ',
    replace: "",
    caughtBy: "shared/workshop/verdict.test.ts",
  },
  {
    title: "a failed test without an error counts as green",
    file: "shared/workshop/verdict.ts",
    find: 'if (errors.length === 0) return "crashed";',
    replace: 'if (errors.length === 0) return "green";',
    caughtBy: "shared/workshop/verdict.test.ts",
  },
  {
    title: "the runner tests the reference in place of the learner's code",
    file: "shared/workshop/trees.ts",
    find: '(step === importer || solved.has(step) ? "yours" : "reference")',
    replace: '(step === importer && solved.has(step) ? "yours" : "reference")',
    caughtBy: "shared/workshop/trees.test.ts",
  },
  {
    title: "the ladder takes another place than the one that was asked for",
    file: "shared/infrastructure/ladder.ts",
    find: "if (forced !== undefined && rung.name !== forced) continue;",
    replace: "",
    caughtBy: "shared/infrastructure/ladder.test.ts",
  },
  {
    title: "the ladder goes on where the place that was asked for is unknown",
    file: "shared/infrastructure/ladder.ts",
    find: "if (known) return known;",
    replace: "return known;",
    caughtBy: "shared/infrastructure/ladder.test.ts",
  },
  {
    title: "the ladder does not say what it has tried",
    file: "shared/infrastructure/ladder.ts",
    find: "return { ...outcome, rung: rung.name, passedOver };",
    replace: "return { ...outcome, rung: rung.name, passedOver: [] };",
    caughtBy: "shared/infrastructure/ladder.test.ts",
  },
  {
    title: "the check of mistakes is content with a test that stays green",
    file: "shared/workshop/mistake-verdict.ts",
    find: "const stayedGreen = [...named].filter((name) => !names.has(name));",
    replace: "const stayedGreen: string[] = [];",
    caughtBy: "shared/workshop/mistake-verdict.test.ts",
  },
  {
    title: "the check of mistakes takes a missing server for a catch",
    file: "shared/workshop/mistake-verdict.ts",
    find: 'verdict === "crashed" || verdict === "hanging"',
    replace: 'verdict === "crashed" || verdict === "hanging" || verdict === "infrastructure"',
    caughtBy: "shared/workshop/mistake-verdict.test.ts",
  },
  {
    title: "Stryker's judge is content with a survivor that nobody has listed",
    file: "mutation/judgement.ts",
    find: "...unlisted.map(",
    replace: "...[].map(",
    caughtBy: "mutation/judgement.test.ts",
  },
];
