/** The newest events in words: what the dots show, for those who read, and with the real times. */

import { element, find, write } from "./dom.js";

/** @import { Travel } from "./live.js" */

/** How many are in the list. */
const most = 6;
/** Of how many more the times are kept: what is told of them may come later than of newer ones. */
const kept = 500;

/** @typedef {{ readonly item: HTMLElement, readonly told: HTMLElement, stored?: number, published?: number,
 *   projected?: number, deliveries: number }} Passing */

/** @type {Map<string, Passing>} */
const passing = new Map();

/**
 * @param {Travel} travel
 * @param {(streamId: string) => void} open
 */
export function notePassing({ place, id, streamId, version, type, at, delivery }, open) {
  const entry = passing.get(id) ?? arrive(id, streamId, version, type, open);
  entry[place] ??= at;
  entry.deliveries = Math.max(entry.deliveries, delivery ?? 0);
  write(entry.told, wayInWords(entry));
  entry.item.classList.toggle("done", entry.projected !== undefined);
}

/**
 * @param {string} id
 * @param {string} streamId
 * @param {number} version
 * @param {string} type
 * @param {(streamId: string) => void} open
 * @returns {Passing}
 */
function arrive(id, streamId, version, type, open) {
  const told = element("span", { class: "told" });
  const stream = element("button", { type: "button", class: "link" }, streamId);
  stream.addEventListener("click", () => open(streamId));
  const item = element("li", {}, element("b", {}, type), " ", stream, ` v${version}`, told);
  const entry = { item, told, deliveries: 0 };
  passing.set(id, entry);
  const list = find("#passing", HTMLElement);
  list.prepend(item);
  const [oldest] = passing.keys();
  if (passing.size > kept && oldest !== undefined) passing.delete(oldest);
  list.children[most]?.remove();
  return entry;
}

/** @param {Passing} entry */
function wayInWords({ stored, published, projected, deliveries }) {
  const since = stored ?? published ?? projected ?? 0;
  const after = (/** @type {number} */ at) => `+${Math.max(0, at - since)} ms`;
  const parts = [stored === undefined ? "" : "stored"];
  if (published !== undefined) parts.push(`published ${after(published)}`);
  if (projected !== undefined) parts.push(`in the read model ${after(projected)}`);
  if (deliveries > 1) parts.push(`delivered ${deliveries} times`);
  return parts.filter((part) => part !== "").join(" → ");
}
