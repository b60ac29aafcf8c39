import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root, steps } from "../shared/workshop/steps.ts";
import { serversFor } from "./targets.ts";

it("the tests of what a step gives find the servers that they talk to", () => {
  for (const step of steps) {
    const folder = join(root, "shared/given", step.id);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const text = names.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
    const talksToPostgres = /use(Database|ReadModel)\(/.test(text);
    if (talksToPostgres) expect(serversFor(step), step.id).toContain("postgres");
  }
});
