/** Questions to a person at a terminal, line by line. */

import { createInterface } from "node:readline/promises";

/** `ask` takes q for the end of the program, and answers undefined where there is no terminal, without having asked. */
export function openConversation(): {
  print(line: string): void;
  ask(question: string): Promise<string | undefined>;
  close(): void;
} {
  const print = (line: string): void => console.log(line);
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    return { print, ask: async () => undefined, close: () => {} };
  }
  // Open for as long as the command runs: so Ctrl-C comes here as a key, and ends this program alone,
  // not the guided mode that has lent it the terminal.
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  lines.on("SIGINT", () => process.exit(130));
  let isOpen = true;
  lines.on("close", () => {
    if (isOpen) process.exit(0); // Ctrl-D, or a terminal that was closed.
  });
  return {
    print,
    async ask(question) {
      // What was typed while nobody had asked is no answer.
      lines.write(null, { ctrl: true, name: "u" });
      const answer = await lines.question(question);
      if (/^\s*q\s*$/i.test(answer)) process.exit(0);
      return answer;
    },
    close() {
      isOpen = false;
      lines.close();
    },
  };
}
