/** A terminal that shows one page and, below it, one line that changes. */

import { clearLine, cursorTo } from "node:readline";
import { stripVTControlCharacters } from "node:util";

export interface Screen {
  /** Puts these lines in place of all that is there. */
  show(lines: readonly string[]): void;
  /** Adds lines below. The page is no longer drawn anew when the terminal is resized. */
  add(lines: readonly string[]): void;
  /** Replaces the line at the bottom. */
  status(text: string): void;
  /** Ends the line at the bottom, for a program that prints below it. */
  release(): void;
}

/** `onResize` of the terminal draws the page again. */
export function openScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  const moves = process.env.TERM !== "dumb";
  let page: readonly string[] | undefined;
  let bottom = "";

  const drawBottom = (): void => {
    if (!moves) return;
    cursorTo(out, 0);
    clearLine(out, 0);
    const width = Math.max(20, out.columns - 1);
    const plain = stripVTControlCharacters(bottom);
    out.write(plain.length <= width ? bottom : plain.slice(0, width));
  };
  const draw = (): void => {
    if (!page) return;
    // What was there before stays in the scrollback.
    if (moves) out.write("\u001b[2J\u001b[H");
    out.write(`${page.join("\n")}\n\n`);
    drawBottom();
  };
  out.on("resize", draw);
  return {
    show(lines) {
      page = lines;
      bottom = "";
      draw();
    },
    add(lines) {
      page = undefined;
      bottom = "";
      drawBottom();
      out.write(`${lines.join("\n")}\n\n`);
    },
    status(text) {
      bottom = text;
      drawBottom();
    },
    release() {
      page = undefined;
      bottom = "";
      drawBottom();
    },
  };
}
