/**
 * `npm run demo`: the whole system, made of the reference; with `--mine` made of the steps that the
 * learner has solved, and of the reference where there is none yet.
 */

import { register } from "node:module";
import { pathToFileURL } from "node:url";
import { placeOf } from "./mine-hook.ts";
import { solvedSteps } from "./progress-file.ts";
import { root, steps } from "./steps.ts";

const isMine = process.argv.includes("--mine");
const solved = isMine ? solvedSteps() : new Set<string>();
if (isMine) {
  register("./mine-hook.ts", import.meta.url, { data: { solved: [...solved] } });
  // For the processes that `--roles` starts.
  process.env.WORKSHOP_MINE = [...solved].join(",");
  process.env.WORKSHOP_PRELOAD = new URL("./mine-preload.ts", import.meta.url).href;
  const listed = (yours: boolean): string =>
    steps
      .filter(({ id }) => solved.has(id) === yours)
      .map(({ id }) => id.slice(0, 2))
      .join(" ");
  const parts = [
    ["yours", listed(true)],
    ["reference", listed(false)],
  ].filter(([, numbers]) => numbers !== "");
  console.log(parts.map(([whose, numbers]) => `${whose}: ${numbers}`).join(" · "));
}
const program = placeOf(`${root}/solutions/13-cqrs-demo/demo.ts`, solved);
await import(pathToFileURL(program ?? "").href);
