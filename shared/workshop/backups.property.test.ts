import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allBackups, changeFiles, contentBefore, type Target } from "./backups.ts";
import { Refused } from "./command.ts";
import { Crash, failingDisk } from "./failing-disk.ts";

const step = "04-concurrency";
const owned = ["batch.ts", "event-store.ts", "schema.sql"];
const all = [...owned, "mine.ts"];

const actions = fc.array(
  fc.oneof(
    fc.record(
      { does: fc.constantFrom("edit", "edit", "delete"), file: fc.constantFrom(...all) },
      { noNullPrototype: true },
    ),
    fc.record(
      {
        does: fc.constantFrom("reset", "solution", "undo"),
        ends: fc.option(
          fc.record(
            { after: fc.nat({ max: 25 }), by: fc.constantFrom("crash", "error") },
            { noNullPrototype: true },
          ),
          { nil: undefined },
        ),
      },
      { noNullPrototype: true },
    ),
  ),
  { maxLength: 14 },
);

describe("what a learner wrote", () => {
  it("is never lost: it is in the step or in a backup", () => {
    fc.assert(
      fc.property(actions, (sequence) => {
        inWorkshop((workshop) => {
          const written = new Set<string>();
          let crashed = false;
          sequence.forEach((action, index) => {
            if ("file" in action) {
              // What the learner replaces by hand is the learner's to lose.
              const backedUp = workshop.textsInBackups();
              const old = workshop.read(action.file);
              if (old !== undefined && !backedUp.has(old)) written.delete(old);
              if (action.does === "delete") workshop.remove(action.file);
              else {
                workshop.write(action.file, `written at ${index}`);
                written.add(`written at ${index}`);
              }
              return;
            }
            const before = workshop.snapshot();
            const wasInterrupted = crashed;
            const outcome = workshop.run(action.does, action.ends);

            const kept = new Set([...workshop.textsInStep(), ...workshop.textsInBackups()]);
            expect([...written].filter((text) => !kept.has(text))).toEqual([]);
            expect(workshop.read("mine.ts")).toBe(before["mine.ts"]);
            crashed = outcome === "crashed" || (outcome === "refused" && crashed);
            if (outcome === "refused" && !wasInterrupted)
              expect(workshop.snapshot()).toEqual(before);
          });
        });
      }),
      { numRuns: 100, seed: 20301123 },
    );
  });

  it("comes back by one undo, wherever a crash came, after the command is called again or not", () => {
    const crash = { after: fc.nat({ max: 25 }), again: fc.boolean() };
    fc.assert(
      fc.property(fc.record(crash), ({ after, again }) => {
        inWorkshop((workshop) => {
          for (const name of owned) workshop.write(name, `mine, ${name}`);
          const before = workshop.snapshot();
          workshop.run("reset", { after, by: "crash" });
          const hasBegun = workshop.textsInBackups().size > 0;
          if (again) {
            workshop.run("reset", undefined);
            expect(workshop.snapshot()).toEqual(contents("starter"));
          }
          if (again || hasBegun) workshop.run("undo", undefined);

          expect(workshop.snapshot()).toEqual(before);
          expect(workshop.strayFiles()).toEqual([]);
        });
      }),
      { numRuns: 50, seed: 20301124 },
    );
  });

  it("and what was there instead change places with each undo", () => {
    fc.assert(
      fc.property(fc.nat({ max: 7 }), (times) => {
        inWorkshop((workshop) => {
          workshop.write("batch.ts", "mine");
          workshop.remove("schema.sql");
          const mine = workshop.snapshot();
          workshop.run("solution", undefined);
          for (let time = 0; time < times; time++) workshop.run("undo", undefined);

          expect(workshop.snapshot()).toEqual(times % 2 === 1 ? mine : contents("solution"));
        });
      }),
      { numRuns: 5, seed: 1 },
    );
  });
});

function contents(what: "starter" | "solution"): Record<string, string> {
  return Object.fromEntries(owned.map((name) => [name, `${what} of ${name}`]));
}

interface Workshop {
  read(name: string): string | undefined;
  write(name: string, text: string): void;
  remove(name: string): void;
  run(
    what: "reset" | "solution" | "undo",
    ends: { readonly after: number; readonly by: "crash" | "error" } | undefined,
  ): "done" | "refused" | "crashed";
  /** The step's files and their texts. */
  snapshot(): Record<string, string>;
  textsInStep(): readonly string[];
  textsInBackups(): ReadonlySet<string>;
  strayFiles(): readonly string[];
}

function inWorkshop(play: (workshop: Workshop) => void): void {
  const root = mkdtempSync(join(tmpdir(), "workshop-"));
  const folder = join(root, "steps", step);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(contents("starter")))
    writeFileSync(join(folder, name), text);
  const read = (name: string): string | undefined =>
    readdirSync(folder).includes(name) ? readFileSync(join(folder, name), "utf8") : undefined;
  const visible = (): readonly string[] => readdirSync(folder).filter((name) => all.includes(name));
  const targets = (texts: Record<string, string>): readonly Target[] =>
    Object.entries(texts).map(([name, text]) => ({ name, content: Buffer.from(text) }));
  try {
    play({
      read,
      write: (name, text) => writeFileSync(join(folder, name), text),
      remove: (name) => rmSync(join(folder, name), { force: true }),
      run(what, ends) {
        const place = { root, disk: failingDisk(ends) };
        try {
          if (what === "undo") {
            const [latest] = allBackups(place);
            if (latest) changeFiles(place, what, step, contentBefore(place, latest));
          } else
            changeFiles(
              place,
              what,
              step,
              targets(contents(what === "reset" ? "starter" : "solution")),
            );
          return "done";
        } catch (error) {
          if (error instanceof Crash) return "crashed";
          if (error instanceof Refused) return "refused";
          throw error;
        }
      },
      snapshot: () => Object.fromEntries(visible().map((name) => [name, read(name) ?? ""])),
      textsInStep: () => visible().map((name) => read(name) ?? ""),
      textsInBackups: () =>
        new Set(
          allBackups({ root }).flatMap((backup) =>
            contentBefore({ root }, backup).flatMap(({ content }) =>
              content === undefined ? [] : [Buffer.from(content).toString("utf8")],
            ),
          ),
        ),
      strayFiles: () => readdirSync(folder).filter((name) => !all.includes(name)),
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
