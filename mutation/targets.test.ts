import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root, steps } from "../shared/workshop/steps.ts";
import { serversFor } from "./targets.ts";

it("the tests of what a step gives find the servers that they talk to", () => {
  const talking = steps.filter((step) => {
    const folder = join(root, "shared/given", step.id);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const text = names.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
    return /use(Database|ReadModel)\(/.test(text);
  });
  expect(talking.length, "steps whose given code is tested on PostgreSQL").toBeGreaterThan(0);
  for (const step of talking) expect(serversFor(step), step.id).toContain("postgres");
});
