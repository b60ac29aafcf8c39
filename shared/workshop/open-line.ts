/** One line of the terminal that changes while something goes on; elsewhere only its end is printed. */

import { clearLine, cursorTo } from "node:readline";

export interface OpenLine {
  show(text: string): void;
  /** Leaves the line as it is; what is printed next stands below. */
  end(): void;
  /** Takes the line away. */
  clear(): void;
}

export function openLine(out: NodeJS.WriteStream = process.stdout): OpenLine {
  const moves = out.isTTY === true && process.env.TERM !== "dumb";
  let last = "";
  return {
    show(text) {
      last = text;
      if (!moves) return;
      cursorTo(out, 0);
      clearLine(out, 0);
      out.write(text.slice(0, Math.max(20, out.columns - 1)));
    },
    end() {
      if (last !== "") out.write(moves ? "\n" : `${last}\n`);
      last = "";
    },
    clear() {
      last = "";
      if (!moves) return;
      cursorTo(out, 0);
      clearLine(out, 0);
    },
  };
}
