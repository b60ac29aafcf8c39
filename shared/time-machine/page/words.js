/** Values as people read them. */

/**
 * @param {unknown} value
 * @returns {string}
 */
export function shown(value) {
  if (value === undefined || value === null || value === "") return "–";
  if (typeof value === "object") {
    const fields = /** @type {Readonly<Record<string, unknown>>} */ (value);
    const names = Object.keys(fields).sort().join(" ");
    if (names === "amount currency") return money(Number(fields.amount), String(fields.currency));
    if (names === "arrival departure") return `${fields.arrival} to ${fields.departure}`;
    return JSON.stringify(value);
  }
  return String(value);
}

/**
 * A state as its leaves, by their paths: `bookings.reservation-1.status`. What is shown as one, a price or
 * a stay, is one.
 *
 * @param {Readonly<Record<string, unknown>>} state
 * @param {string} [above]
 * @returns {readonly (readonly [string, unknown])[]}
 */
export function leaves(state, above = "") {
  return Object.entries(state).flatMap(([name, value]) => {
    const path = `${above}${name}`;
    const isBranch = typeof value === "object" && value !== null && shown(value).startsWith("{");
    if (!isBranch) return [/** @type {const} */ ([path, value])];
    return leaves(/** @type {Readonly<Record<string, unknown>>} */ (value), `${path}.`);
  });
}

/** @param {unknown} one @param {unknown} other */
export function isSame(one, other) {
  return shown(one) === shown(other);
}

/**
 * @param {number} amount
 * @param {string} currency
 */
function money(amount, currency) {
  return `${(amount / 100).toFixed(2)} ${currency}`;
}

/** @param {string} instant `2030-05-01 12:00:00.000`, in UTC as all times here */
export function timeOf(instant) {
  return instant.replace("T", " ").replace("Z", "");
}
