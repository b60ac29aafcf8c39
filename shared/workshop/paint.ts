/** Colour, where it is wanted: on a terminal that has it, and not under NO_COLOR. */

const { NO_COLOR = "", FORCE_COLOR = "" } = process.env;
const isWanted =
  NO_COLOR === "" &&
  ((FORCE_COLOR !== "" && FORCE_COLOR !== "0") ||
    (process.stdout.isTTY === true && process.stdout.hasColors()));

export const bold = painter(1, 22);
export const dim = painter(2, 22);
export const red = painter(31, 39);
export const green = painter(32, 39);

function painter(on: number, off: number): (text: string) => string {
  return (text) => (isWanted ? `\u001b[${on}m${text}\u001b[${off}m` : text);
}
