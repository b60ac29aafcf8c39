import { describe, expect, it } from "vitest";
import { commandsToTry, documentedCommandFaults } from "./document-commands.ts";
import { commandsIn, linksIn } from "./documents.ts";

const text = `# A title

Type \`npm start\`, or \`npm run hint
4 2\` in \`steps/\`; \`git\` and \`npm\` alone are words.

\`\`\`sh
npm ci && npm run demo    # twice
git switch -c mine  once
\`\`\`

\`\`\`
npm test 3
a picture of npm test 9
\`\`\`

\`\`\`ts
npm test 5
\`\`\`

[here](a.md#b), [there](https://example.org), \`[not](this.md)\`
`;

describe("a document", () => {
  it("holds commands in blocks for a shell, in plain ones, and in the text", () => {
    expect(commandsIn(text)).toEqual([
      "npm ci",
      "npm run demo",
      "git switch -c mine",
      "npm test 3",
      "npm start",
      "npm run hint 4 2",
    ]);
  });

  it("holds links outside of code", () => {
    expect(linksIn(text)).toEqual(["a.md#b", "https://example.org"]);
  });
});

describe("the documented commands", () => {
  it("are tried out, or it is said why not", () => {
    const unheardOf = { name: "README.md", text: "`npm run frobnicate 4` and `docker ps`" };
    const known = { name: "WORKSHOP.md", text };
    const untried = documentedCommandFaults([known, unheardOf]).filter((fault) =>
      fault.includes("nobody tries out"),
    );
    expect(untried.map((fault) => fault.split(":").slice(0, 2).join())).toEqual([
      "README.md, nobody tries out `npm run frobnicate 4`",
      "README.md, nobody tries out `docker ps`",
    ]);
  });

  it("are told when no document has them any more", () => {
    const faults = documentedCommandFaults([{ name: "README.md", text }]);
    expect(faults).toContain(
      "shared/workshop/document-commands.ts: no document has `docker compose up -d`.",
    );
  });

  it("have an exit code each, once", () => {
    expect(commandsToTry([{ name: "README.md", text: `${text}${text}` }])).toEqual([
      { command: "npm run demo", code: 0 },
      { command: "git switch -c mine", code: undefined },
      { command: "npm test 3", code: 1 },
      { command: "npm start", code: 0 },
      { command: "npm run hint 4 2", code: 0 },
    ]);
  });
});
