/** Whether the workshop is as it must be: every reference green, every starter red for the right reason. */

import { stripVTControlCharacters } from "node:util";
import type { SerializedError, TestCase, TestModule } from "vitest/node";
import { type Run, testsOf } from "./run-vitest.ts";
import { errorsAround, errorsOf } from "./thrown.ts";
import { isRightlyRed } from "./verdict.ts";

/** One thing that is not as it must be. */
export interface Complaint {
  readonly where: string;
  readonly why: string;
}

/** What there is to complain about in a run; the projects of its modules are called like their trees. */
export function complaintsAbout({ modules, errors }: Run): readonly Complaint[] {
  const isEmpty = modules.flatMap(testsOf).length === 0;
  return [
    ...modules.flatMap(complaintsAboutModule),
    ...errors.map((error) => ({ where: "outside any test", why: told(error) })),
    ...(isEmpty ? [{ where: "the run", why: "no test ran at all" }] : []),
  ];
}

/** A test of the tools that asks for what this machine has not got: another system, a server on its default port. */
export function isBeyondThisMachine(test: TestCase): boolean {
  return test.project.name === "tooling" && test.result().state === "skipped";
}

/** Where a server is not to be had, its tests say so, and the run says it once. */
export function isMissingServer(error: SerializedError): boolean {
  return error.name === "InfrastructureMissing";
}

function complaintsAboutModule(module: TestModule): readonly Complaint[] {
  const name = `${module.project.name} ${module.relativeModuleId}`;
  const broken = errorsAround(module).filter((error) => !isMissingServer(error));
  const around = broken.map((error) => ({ where: name, why: told(error) }));
  const judged = testsOf(module).flatMap((test) => {
    const { state } = test.result();
    const errors = errorsOf(test);
    const where = `${name} › ${test.fullName}`;
    if (state !== "passed" && errors.some(isMissingServer)) return [];
    if (isBeyondThisMachine(test)) return [];
    if (module.project.name !== "pristine") {
      if (state === "passed") return [];
      return [{ where, why: errors.length > 0 ? errors.map(told).join("\n") : `was ${state}` }];
    }
    if (state === "passed")
      return [{ where, why: "passes on a starter: it does not test what the learner writes" }];
    if (isRightlyRed(errors)) return whatIsUntold(test).map((why) => ({ where, why }));
    return [
      {
        where,
        why: `is red on a starter for the wrong reason\n${errors.map(told).join("\n") || state}`,
      },
    ];
  });
  return [...around, ...judged];
}

/** A step's test that fails has something to say to the learner. */
function whatIsUntold(test: TestCase): readonly string[] {
  const { story, costs = story?.costs } = test.meta();
  if (!story) return ["tells no story: given, when, wanted"];
  return costs === undefined ? ["does not say what it costs in production"] : [];
}

function told(error: SerializedError): string {
  const place = error.stacks?.[0];
  const at = place ? `\nat ${place.file}:${place.line}` : "";
  const diff = typeof error.diff === "string" ? `\n${stripVTControlCharacters(error.diff)}` : "";
  const cause = error.cause ? `\ncaused by ${told(error.cause)}` : "";
  return `${error.name ?? "Error"}: ${error.message}${diff}${at}${cause}`;
}
