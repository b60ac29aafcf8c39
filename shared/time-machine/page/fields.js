/** State and row, field by field: what the last event changed is marked, and so is what does not agree. */

import { element, find } from "./dom.js";
import { isSame, shown } from "./words.js";

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
 * @param {readonly FieldChange[]} changed
 * @param {Comparison["row"] | undefined} row undefined where this read model has no rows of such streams
 * @param {boolean} isNow whether the state is the newest one: then it should be what the row is
 */
export function showFields(state, changed, row, isNow) {
  const changes = new Map(changed.map((change) => [change.field, change]));
  const all = new Set([...Object.keys(state), ...Object.keys(row ?? {})]);
  const names = [...order.filter((name) => all.delete(name)), ...all];
  const rows = names
    .filter((name) => name in state || shown(row?.[name]) !== "–")
    .map((name) => {
      const change = changes.get(name);
      const value = element(
        "td",
        {},
        change ? element("mark", {}, shown(state[name])) : shown(state[name]),
      );
      if (change && shown(change.before) !== "–") {
        value.append(element("small", {}, ` was ${shown(change.before)}`));
      }
      const cells = [element("th", { scope: "row" }, name), value];
      if (row !== undefined) cells.push(rowCell(name, state[name], row, isNow));
      return element("tr", {}, ...cells);
    });
  // What is gone with this event, as no state has it any more.
  for (const { field, before, after } of changed) {
    if (field in state || after != null || field.includes(".")) continue;
    rows.push(
      element(
        "tr",
        {},
        element("th", { scope: "row" }, field),
        element("td", {}, element("s", {}, shown(before))),
        ...(row === undefined ? [] : [element("td", {}, "–")]),
      ),
    );
  }
  find("#row-title", HTMLElement).hidden = row === undefined;
  find("#fields", HTMLElement).replaceChildren(...rows);
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
