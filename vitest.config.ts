import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { isDebugged } from "./shared/infrastructure/debugged.ts";
import { solvedSteps } from "./shared/workshop/progress-file.ts";
import { writePristine } from "./shared/workshop/starter.ts";
import { root } from "./shared/workshop/steps.ts";
import { treePlugin } from "./shared/workshop/tree-plugin.ts";
import { ownerIn, type TreeName } from "./shared/workshop/trees.ts";
import { nameOf, trialFile, variantNamed } from "./shared/workshop/variant-files.ts";
import { variantPlugin } from "./shared/workshop/variant-plugin.ts";

// An editor or a bare `npx vitest` tests the learner's code; the runner asks for other trees.
const trees = named(process.env.WORKSHOP_TREES ?? "learner") as TreeName[];
if (trees.includes("pristine")) writePristine();
// `mistakes/04-concurrency/check-then-act`; the runner has written them (variant-files.ts).
const variant = variantNamed(process.env.WORKSHOP_VARIANT ?? "");
const trials = named(process.env.WORKSHOP_TRIALS ?? "").flatMap((name) => variantNamed(name) ?? []);

// The tests of the tools belong to the whole run. Those that start and stop servers by the dozen, or
// watch a guided session, take minutes, and hold for whoever changes the workshop:
// WORKSHOP_TOOLING=servers runs them, as CI does.
const tooling = process.env.WORKSHOP_TOOLING;
const aboutServers = [
  "shared/broker/contract/*.test.ts",
  "shared/broker/hostile-clients.test.ts",
  "shared/infrastructure/{endings,private-server,handed-down,proxy-servers}.test.ts",
  "shared/time-machine/{browser/*,lab}.test.ts",
  "shared/scale/*.test.ts",
  "shared/workshop/{commands,debugging,demo,editor,editor-rules,external-links,guide,infra}.test.ts",
];

// Whoever mutates a step runs its own tests and those of what it gives, and asks them for yes or no
// (mutation/stryker.ts).
const mutated = process.env.WORKSHOP_STEP;

const forAll = {
  pool: "forks" as const,
  globalSetup: ["shared/infrastructure/global-setup.ts"],
  setupFiles: ["shared/infrastructure/worker-setup.ts"],
  testTimeout: 20_000,
  hookTimeout: 30_000,
  expect: { requireAssertions: true },
  // The package has its code twice, as ES modules and as CommonJS; Node takes the latter, Vite the former,
  // and GraphQL refuses a schema that was made by the other.
  alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }],
};

// A process for each test file costs half of a run's computing, and what is known goes without; a trial has one
// for all of its files. A learner's code has them: what it leaves behind, or a process.exit, stays in its file.
export default defineConfig({
  test: {
    ...forAll,
    // The tests wait for servers more than they compute. Whoever debugs wants one thing at a time.
    // Of the mistakes, many make a test wait until its time is over.
    maxWorkers: isDebugged()
      ? 1
      : Math.max(2, availableParallelism()) * (trials.length > 1 ? 2 : 1),
    projects: [
      ...trees.map((tree) => ({
        extends: true as const,
        plugins: [treePlugin(ownerIn(tree, solvedSteps()))],
        test: {
          name: tree,
          include:
            mutated === undefined
              ? ["steps/**/*.test.ts"]
              : [`{steps,shared/given}/${mutated}/*.test.ts`],
          ...(mutated !== undefined && { provide: { laws: { isFirstEnough: true } } }),
          isolate: tree === "learner",
        },
      })),
      ...(variant === undefined
        ? []
        : [
            {
              extends: true as const,
              plugins: [variantPlugin(variant)],
              test: {
                name: nameOf(variant),
                include: [`steps/${variant.step}/*.test.ts`],
                isolate: false,
              },
            },
          ]),
      ...(trials.length === 0
        ? []
        : [
            {
              extends: true as const,
              plugins: [variantPlugin()],
              // A machine that is slow must not seem to have caught a mistake.
              test: {
                name: "trials",
                include: trials.map((trial) => relative(root, trialFile(trial))),
                testTimeout: 60_000,
              },
            },
          ]),
      ...(tooling === undefined
        ? []
        : [
            {
              extends: true as const,
              test:
                tooling === "servers"
                  ? { name: tooling, include: aboutServers }
                  : {
                      name: "tooling",
                      include: ["shared/**/*.test.ts", "mutation/*.test.ts"],
                      exclude: aboutServers,
                      isolate: false,
                    },
            },
          ]),
    ],
  },
});

function named(list: string): readonly string[] {
  return list.split(",").filter((name) => name !== "");
}
