/** State and row, field by field: what the last event changed is marked, and so is what does not agree. */

import { element, find } from "./dom.js";
import { isSame, leaves, shown } from "./words.js";

/** @import { Comparison, FieldChange } from "./server.js" */

/** What the read model calls by the same name, and what it has by itself. */
const onlyInRow = ["nights", "updatedAt"];
const onlyInState = ["pricePerNight", "confirmedAt", "cancelledAt"];

/** In the order in which one tells it; what is not named here comes last, as it comes. */
const order = [
  ...["reservationId", "status", "guestId", "hotelId", "roomType", "guests", "stay", "nights"],
  ...["pricePerNight", "total", "confirmedAt", "reason", "cancelledAt", "updatedAt"],
];

/**
 * @param {Readonly<Record<string, unknown>>} state
 * @param {readonly FieldChange[]} changed none for a first event, where all is new
 * @param {Comparison["row"] | undefined} row undefined where this read model has no rows of such streams
 * @param {boolean} isNow whether the state is the newest one: then it should be what the row is
 */
export function showFields(state, changed, row, isNow) {
  const values = new Map(leaves(state));
  const all = new Set([...values.keys(), ...Object.keys(row ?? {})]);
  const names = [...order.filter((name) => all.delete(name)), ...all];
  const rows = names
    .filter((name) => shown(values.get(name)) !== "–" || shown(row?.[name]) !== "–")
    .map((name) => {
      const cells = [
        element("th", { scope: "row" }, name),
        valueCell(values.get(name), changeOf(name, changed)),
      ];
      if (row !== undefined) cells.push(rowCell(name, values.get(name), row, isNow));
      return element("tr", {}, ...cells);
    });
  find("#row-title", HTMLElement).hidden = row === undefined;
  find("#fields", HTMLElement).replaceChildren(...rows);
}

/**
 * @param {unknown} value
 * @param {FieldChange | undefined} change
 */
function valueCell(value, change) {
  if (!change) return element("td", {}, shown(value));
  const cell = element("td", {}, element("mark", {}, shown(value)));
  const before = shown(change.before);
  if (before !== "–" && !before.startsWith("{")) {
    cell.append(element("small", {}, ` was ${before}`));
  }
  return cell;
}

/**
 * The change that is about this field, or about something that it is a part of.
 *
 * @param {string} name
 * @param {readonly FieldChange[]} changed
 */
function changeOf(name, changed) {
  return changed.find(({ field }) => name === field || name.startsWith(`${field}.`));
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {Comparison["row"]} row
 * @param {boolean} isNow
 */
function rowCell(name, value, row, isNow) {
  const own = row?.[name];
  const isComparable = !onlyInRow.includes(name) && !onlyInState.includes(name) && row !== null;
  const differs = isNow && isComparable && !isSame(own, value);
  return element("td", differs ? { class: "differs" } : {}, shown(own));
}
