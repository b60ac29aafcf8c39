/** Whether the whole read model is what the events add up to: asked again each time that something has changed. */

import { counted, find, soon, write } from "./dom.js";
import { get } from "./server.js";

/** @import { Pipeline } from "./live.js" */

/** @typedef {{ readonly reservations: number, readonly different: readonly string[], readonly behind: number,
 *   readonly milliseconds: number }} Verdict */

/** Milliseconds that the last one took the server. */
let effort = 0;

/** A large store is not replayed without a break. */
export const judgeSoon = soon(
  () => void judge().catch(() => undefined),
  () => Math.max(250, 5 * effort),
);

/** @returns {Promise<string>} the verdict in words, which stands above, too */
export async function judge() {
  /** @type {Verdict} */
  const verdict = await get("/lab/verdict");
  effort = verdict.milliseconds;
  const text = inWords(verdict);
  const sign = find("#verdict", HTMLElement);
  const state = verdict.different.length > 0 ? "bad" : verdict.behind > 0 ? "waiting" : "good";
  sign.dataset.state = state;
  write(sign, text);
  return text;
}

/** Whether what is on its way is held up by somebody, so that waiting for it is in vain. */
let isHeldUp = false;

/** @param {Pipeline} pipeline */
export function noteFlow({ paused, cut, poisoned }) {
  isHeldUp = paused || cut || poisoned.length > 0;
}

/**
 * The verdict when nothing is on its way any more, or after ten seconds; soon where something is held up.
 *
 * @returns {Promise<string>}
 */
export async function judgeSettled() {
  const start = performance.now();
  for (;;) {
    const text = await judge();
    const isBehind = find("#verdict", HTMLElement).dataset.state === "waiting";
    const waited = performance.now() - start;
    // What has just been held up, or let go, is known a moment later.
    if (!isBehind || waited > (isHeldUp ? 1_000 : 10_000)) return text;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** @param {Verdict} verdict */
function inWords({ reservations, different, behind }) {
  const all = `${counted(reservations)} reservations`;
  if (different.length > 0) return `✘ read model differs from the replay: ${different.join(", ")}`;
  if (behind > 0) {
    return `read model = replay as far as it has come · ${counted(behind)} of ${all} behind`;
  }
  return `✔ read model = replay · ${all}`;
}
