/** Whether the whole read model is what the events add up to: asked again each time that something has changed. */

import { counted, find, soon, write } from "./dom.js";
import { get } from "./server.js";

/** @typedef {{ readonly reservations: number, readonly different: readonly string[], readonly behind: number,
 *   readonly events: number }} Verdict */

export const judgeSoon = soon(() => void judge().catch(() => undefined), 250);

/** @returns {Promise<string>} the verdict in words, which stands above, too */
export async function judge() {
  const verdict = await get("/lab/verdict");
  const text = inWords(verdict);
  const sign = find("#verdict", HTMLElement);
  const state = verdict.different.length > 0 ? "bad" : verdict.behind > 0 ? "waiting" : "good";
  sign.dataset.state = state;
  write(sign, text);
  return text;
}

/** @param {Verdict} verdict */
function inWords({ reservations, different, behind, events }) {
  const all = `${counted(reservations)} reservations, ${counted(events)} events`;
  if (different.length > 0) return `✘ read model differs from the replay: ${different.join(", ")}`;
  if (behind > 0) {
    return `read model = replay as far as it has come, ${counted(behind)} behind · ${all}`;
  }
  return `✔ read model = replay · ${all}`;
}
