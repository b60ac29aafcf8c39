/** Not part of `npm test`: a learner may set up the editor as they like. */

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { editorFaults } from "./editor-rules.ts";
import { root as repository } from "./steps.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mein Wörkshop ✔ "));
  for (const name of [
    ...[".vscode", ".devcontainer", ".env.example", "docker-compose.yml"],
    ...["package.json", "package-lock.json", "vitest.config.ts"],
  ]) {
    cpSync(join(repository, name), join(root, name), { recursive: true });
  }
  for (const name of ["node_modules", "shared", "solutions"]) {
    symlinkSync(join(repository, name), join(root, name), "junction");
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));

describe("an editor's files", () => {
  it("are true", () => {
    expect(editorFaults(root)).toEqual([]);
  });

  it.each([
    [".vscode/tasks.json", "hint.ts", "play.ts", /"A hint .* runs .*play.ts/],
    [".vscode/tasks.json", '"up", "-d"', '"up"', /"Servers up" runs docker compose up --wait/],
    [".vscode/launch.json", "workshop/play.ts", "workshop/game.ts", /game.ts, which is not there/],
    [".vscode/settings.json", "typescript/lib", "typescript/bib", /bib is not there/],
    [".vscode/settings.json", '"biomejs.biome"', '"esbenp.prettier"', /but is not recommended/],
    [".vscode/extensions.json", '"vitest.explorer", ', "", /extensions are not those/],
    [".devcontainer/devcontainer.json", "../docker-c", "../c", /compose.yml is not there/],
    [".devcontainer/devcontainer.json", '"workshop"', '"node"', /node has no folder/],
    [".devcontainer/devcontainer.json", "[15672]", "[15673]", /no server has the port 15673/],
    [".devcontainer/docker-compose.yml", "AMQP_URL", "AMQP", /AMQP_URL is not set/],
    ["docker-compose.yml", "  rabbitmq:", "  rabbit:", /AMQP_URL names no server/],
    ["docker-compose.yml", "DB: eventstore", "DB: events", /has another POSTGRES_DB/],
    [".env.example", "postgres:postgres@", "postgres:secret@", /not the one of .env.example/],
  ])("are not true with another %s (%s)", (name, text, by, fault) => {
    const file = join(root, name);
    const before = readFileSync(file, "utf8");
    expect(before).toContain(text);
    writeFileSync(file, before.replace(text, by));

    expect(editorFaults(root).join("\n")).toMatch(fault);
  });

  it("ask for no variable of the editor that nobody has tried", () => {
    const file = join(root, ".vscode", "launch.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("relativeFile", "selectedText"));

    expect(() => editorFaults(root)).toThrow(/"Debug the open test file" asks for selectedText/);
  });
});
