/** The events around the slider, each a button that leads there, and the one at the slider in full. */

import { element, find } from "./dom.js";
import { shown, timeOf } from "./words.js";

/** @import { HistoryEntry } from "./server.js" */

/** How many are shown before the one at the slider, and after it. */
const around = 5;

/**
 * @param {readonly HistoryEntry[]} entries
 * @param {number} version where the slider is; 0 is before the first event
 * @param {(version: number) => void} go
 */
export function showEvents(entries, version, go) {
  const first = Math.max(0, Math.min(version - 1 - around, entries.length - 2 * around - 1));
  const last = Math.min(entries.length, first + 2 * around + 1);
  const items = entries.slice(first, last).map((entry) => eventItem(entry, version, go));
  const list = find("#events", HTMLOListElement);
  const focused = list.contains(document.activeElement);
  if (first > 0) items.unshift(element("li", { class: "more" }, `${first} earlier`));
  const later = entries.length - last;
  if (later > 0) items.push(element("li", { class: "more" }, `${later} later`));
  list.replaceChildren(...items);
  // Who came here by a key goes on from here.
  if (focused)
    list.querySelector("[aria-current]")?.closest("li")?.querySelector("button")?.focus();
}

/**
 * @param {HistoryEntry} entry
 * @param {number} version
 * @param {(version: number) => void} go
 */
function eventItem(entry, version, go) {
  const { stored } = entry;
  const isCurrent = entry.version === version;
  const button = element(
    "button",
    { type: "button", ...(isCurrent && { "aria-current": "step" }) },
    element("span", { class: "version" }, `v${entry.version}`),
    element("span", { class: "type" }, stored.type),
    ...(isOld(entry) ? [element("span", { class: "flag" }, "old")] : []),
    element("span", { class: "small" }, timeOf(stored.recordedAt)),
  );
  button.addEventListener("click", () => go(entry.version));
  const item = element("li", entry.version > version ? { class: "ahead" } : {}, button);
  if (isCurrent) item.append(...details(entry));
  return item;
}

/** An event that today's code would write otherwise, or as more than one. @param {HistoryEntry} entry */
function isOld({ stored, meaning }) {
  const [only] = meaning;
  return (
    meaning.length !== 1 ||
    only?.type !== stored.type ||
    JSON.stringify(only.data) !== JSON.stringify(stored.data)
  );
}

/** @param {HistoryEntry} entry */
function details(entry) {
  const { stored, meaning, changed } = entry;
  const told = [];
  if (isOld(entry)) {
    const today = meaning.map(({ type }) => type).join(" and ");
    told.push(
      element(
        "p",
        { class: "meaning" },
        `Stored as ${stored.type}, shape ${stored.schemaVersion}, and never changed since. Today it says ${today}.`,
      ),
    );
  }
  const lines = changed.map(({ field, before, after }) =>
    element("li", {}, element("b", {}, field), ` ${change(before, after)}`),
  );
  // The first event makes all of it: the state beside says it.
  if (stored.version > 1 && lines.length > 0)
    told.push(element("ul", { class: "changes" }, ...lines));
  told.push(json(`in the store, position ${stored.position}`, stored.data));
  if (isOld(entry)) told.push(...meaning.map(({ type, data }) => json(`today: ${type}`, data)));
  return told;
}

/**
 * @param {unknown} before
 * @param {unknown} after
 */
function change(before, after) {
  return shown(before) === "–" ? shown(after) : `${shown(before)} → ${shown(after)}`;
}

/**
 * @param {string} title
 * @param {unknown} data
 */
function json(title, data) {
  const text = element("pre", { tabindex: "0" }, JSON.stringify(data, null, 2));
  return element("details", {}, element("summary", {}, title), text);
}
