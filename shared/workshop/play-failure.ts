/** Why a play did not come to its end, in words for whoever wrote the code that it ran. */

import { InfrastructureMissing } from "../infrastructure/ladder.ts";
import { NotImplemented } from "../kernel/not-implemented.ts";
import { labelled } from "./labelled.ts";
import { root as here, type Step } from "./steps.ts";

/** The text for what the play has thrown. */
export function toldOfFailure({ number, id }: Step, error: unknown, root: string = here): string {
  const unwritten = chain(error).find((link) => link instanceof NotImplemented);
  if (unwritten) {
    return `${unwritten.message}. The play runs on your code: write it first, then play again.`;
  }
  if (error instanceof InfrastructureMissing) {
    return `${error.message}\nnpm run doctor says what to do.`;
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const where = placeOf(error);
  // It may come from a step before, which the play runs on as well.
  const at = where === undefined ? number : Number(/steps\/(\d\d)/.exec(where)?.[1] ?? number);
  return [
    `CRASHED  the play of ${id}`,
    ...labelled("what", what.replaceAll(`${root}/`, "").trim().split("\n")),
    ...(where === undefined ? [] : labelled("where", where)),
    ...labelled("next", `npm test ${at} finds the first thing that is wrong`),
  ].join("\n");
}

/** The text where the process ends, for the reason `what`, and the play has not. */
export function toldOfEnd({ number, id }: Step, what: string): string {
  return [
    `CRASHED  the play of ${id} did not come to its end`,
    ...labelled("what", what),
    ...labelled("next", `npm test ${number} finds the first thing that is wrong`),
  ].join("\n");
}

/** The text for a loop without an end; its PLACE is found when it is ended. */
export function toldOfStall({ number, id }: Step): string {
  return [
    "",
    `HANGING  the play of ${id} ran for seconds without an end and let nothing else run`,
    ...labelled("where", "PLACE"),
    ...labelled("next", `look at what ends the loop in that line, then npm test ${number}`),
    "",
  ].join("\n");
}

/** The innermost line in the learner's code; in a play only where there is no other. */
function placeOf(error: unknown): string | undefined {
  const text = chain(error)
    .reverse()
    .map((link) => `${link.message}\n${link.stack ?? ""}`)
    .join("\n");
  const places = [...text.matchAll(/[/\\]steps[/\\]([^/\\\n]+)[/\\]([^/\\\n:]+):(\d+)/g)].map(
    ([, id, file, line]) => `steps/${id}/${file}:${line}`,
  );
  return places.find((place) => !place.includes("/play.ts:")) ?? places[0];
}

/** The error and what caused it. */
function chain(error: unknown): Error[] {
  const links: Error[] = [];
  let link = error;
  while (link instanceof Error && links.length < 10) {
    links.push(link);
    link = link.cause;
  }
  return links;
}
