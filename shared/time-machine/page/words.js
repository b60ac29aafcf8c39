/** Values as people read them. */

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

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
    if (names === "arrival departure")
      return stay(String(fields.arrival), String(fields.departure));
    return JSON.stringify(value);
  }
  const text = String(value);
  return instant.test(text) ? timeOf(text) : text;
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

/**
 * `2030-05-01 to 05-04`: the year once, where it is one.
 *
 * @param {string} arrival
 * @param {string} departure
 */
function stay(arrival, departure) {
  const isOneYear = arrival.slice(0, 5) === departure.slice(0, 5);
  return `${arrival} to ${isOneYear ? departure.slice(5) : departure}`;
}

/** `2030-05-01 12:00:00.000`, in UTC as all times here. @param {string} time */
export function timeOf(time) {
  return time.replace("T", " ").replace("Z", "");
}
