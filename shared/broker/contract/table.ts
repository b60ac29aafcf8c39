/**
 * `npm run broker:contract`: each behaviour of the contract, where it is written down, and whether
 * the embedded broker and the RabbitMQ of this run have it, side by side.
 */

import type { TestCase, TestModule } from "vitest/node";
import { startVitest } from "vitest/node";
import { describeInfrastructure } from "../../infrastructure/ladder.ts";
import { root } from "../../workshop/steps.ts";
import { versionDifferences } from "./versions.ts";

interface Row {
  readonly sentence: string;
  readonly source: string;
  readonly outcomes: { embedded: string; RabbitMQ: string };
}

process.env.WORKSHOP_TREES = "reference";
process.env.WORKSHOP_TOOLING = "servers";
process.env.WORKSHOP_NEEDS = "rabbitmq";
let modules: readonly TestModule[] = [];
const vitest = await startVitest("test", ["shared/broker/contract/"], {
  root,
  watch: false,
  project: "servers",
  reporters: [
    {
      onTestRunEnd(ran) {
        modules = ran;
      },
    },
  ],
});
await vitest?.close();

const inOrder = modules.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId));
const tests = inOrder.flatMap((module) => [...module.children.allTests()]);
const subjects = rowsBySubject(tests);
const rows = [...subjects.values()].flatMap((bySentence) => [...bySentence.values()]);
const width = (text: (row: Row) => string): number =>
  Math.max(0, ...rows.map((row) => text(row).length));
const columns = [width(({ sentence }) => sentence) + 2, width(({ source }) => source) + 2] as const;

console.log(line("behaviour", "written down in", "embedded", "RabbitMQ"));
for (const [subject, bySentence] of subjects) {
  console.log(`\n${subject}`);
  for (const { sentence, source, outcomes } of bySentence.values()) {
    console.log(line(`  ${sentence}`, source, outcomes.embedded, outcomes.RabbitMQ));
  }
}
console.log("\nWhere RabbitMQ's versions differ");
for (const { since, behaviour, source } of Object.values(versionDifferences)) {
  console.log(`  from ${since}: ${behaviour}\n            ${source}`);
}
const count = (server: keyof Row["outcomes"], outcome: string): number =>
  rows.filter(({ outcomes }) => outcomes[server] === outcome).length;
console.log(`\n${describeInfrastructure() || "There is no RabbitMQ in this run."}`);
console.log(
  `${rows.length} behaviours: ${count("embedded", "✔")} hold for the embedded broker, ` +
    `${count("RabbitMQ", "✔")} for RabbitMQ.`,
);
tellFailures();

function line(sentence: string, source: string, embedded: string, rabbitmq: string): string {
  const [first, second] = columns;
  return `${sentence.padEnd(first)}  ${source.padEnd(second)}${embedded.padEnd(10)}${rabbitmq}`;
}

function rowsBySubject(all: readonly TestCase[]): Map<string, Map<string, Row>> {
  const bySubject = new Map<string, Map<string, Row>>();
  for (const test of all) {
    const { behaviour } = test.meta();
    if (!behaviour) continue;
    const { sentence, source, server } = behaviour;
    const subject = test.parent.type === "suite" ? test.parent.name : "";
    const bySentence = bySubject.get(subject) ?? new Map<string, Row>();
    bySubject.set(subject, bySentence);
    const row = bySentence.get(sentence) ?? {
      sentence,
      source: source.label,
      outcomes: { embedded: "–", RabbitMQ: "–" },
    };
    bySentence.set(sentence, row);
    row.outcomes[server] = { passed: "✔", failed: "✘", skipped: "–", pending: "?" }[
      test.result().state
    ];
  }
  return bySubject;
}

function tellFailures(): void {
  const problems = [
    ...tests.flatMap((test) =>
      (test.result().errors ?? []).map(({ message }) => `${test.fullName}\n  ${message}`),
    ),
    ...modules.flatMap((module) =>
      module.errors().map(({ message }) => `${module.moduleId}\n  ${message}`),
    ),
  ];
  for (const problem of problems) console.error(`\n✘ ${problem}`);
  if (problems.length > 0 || rows.length === 0) process.exitCode = 1;
}
