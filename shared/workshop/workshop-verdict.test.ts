import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  group,
  modulesOf,
  right,
  test,
  unserved,
  unwritten,
  withSmallVitest,
  wrong,
} from "./fixtures/small-vitest.ts";
import { trialOf } from "./mistake-verdict.ts";
import type { Run, RunOptions } from "./run-vitest.ts";
import { testWorkshop } from "./test-workshop.ts";
import { complaintsAbout } from "./workshop-verdict.ts";

const story = (costs: string): string =>
  `story({ when: "it is confirmed", wanted: "ReservationConfirmed"${costs} });`;
const told = story(', costs: "A room stays empty."');

const files = {
  "reference/green": group("a stay", test("has nights", right)),
  "reference/wrong": group("a stay", test("has nights", wrong)),
  "reference/unwritten": group("a stay", test("has nights", unwritten)),
  "reference/skipped": group("a stay", test("has nights", right, "it.skip"), test("is", right)),
  "reference/unparsed": 'describe("a stay", () => {',
  "reference/hook": group(
    "a stay",
    'beforeAll(() => { throw new TypeError("The hook failed."); });',
    test("has nights", right),
  ),
  "reference/unserved": group("a stay", test("has nights", unserved)),
  "reference/rejecting": group(
    "a stay",
    test("has nights", `void Promise.reject(new Error("Nobody has awaited me.")); ${right}`),
  ),
  "pristine/unwritten": group("a stay", test("has nights", `${told} ${unwritten}`)),
  "pristine/wrong": group("a stay", test("has nights", `${told} ${wrong}`)),
  "pristine/green": group("a stay", test("has nights", `${told} ${right}`)),
  "pristine/skipped": group("a stay", test("has nights", right, "it.skip")),
  "pristine/crashing": group(
    "a stay",
    test("has nights", `${told} throw new TypeError("No function.");`),
  ),
  "pristine/untold": group("a stay", test("has nights", unwritten)),
  "pristine/priceless": group("a stay", test("has nights", `${story("")} ${unwritten}`)),
  "tooling/skipped": group("a ladder", test("asks Docker", right, "it.skip"), test("is", right)),
  "tooling/wrong": group("a ladder", test("has rungs", wrong)),
};

let all: Run;
beforeAll(async () => {
  all = await withSmallVitest(files, (session) => session.run());
});

/** As if only these of the files had been run, without the errors outside of their tests. */
function runOf(...names: readonly (keyof typeof files)[]): Run {
  return { modules: modulesOf(all, ...names), errors: [], stalls: [] };
}

function complaints(...names: readonly (keyof typeof files)[]): readonly string[] {
  return complaintsAbout(runOf(...names)).map(
    ({ where, why }) => `${where}: ${why.split("\n")[0]}`,
  );
}

const place = (name: string): string => {
  const [project = "", file = ""] = name.split("/");
  return `${project} ${project}/steps/01-aggregate/${file}.test.ts`;
};

describe("the workshop is as it must be", () => {
  it("where the reference is green and the starter red, with something to say to the learner", () => {
    expect(complaints("reference/green", "pristine/unwritten", "pristine/wrong")).toEqual([]);
  });

  it("where tests ask for a server that is missing, and tools for what this machine has not got", () => {
    expect(complaints("reference/unserved", "tooling/skipped")).toEqual([]);
  });
});

describe("the workshop is not as it must be", () => {
  it.each([
    ["reference/wrong", "AssertionError: expected 1 to be 2 // Object.is equality"],
    ["reference/unwritten", "NotImplemented: decide is not written yet"],
    ["reference/skipped", "was skipped"],
    ["tooling/wrong", "AssertionError: expected 1 to be 2 // Object.is equality"],
  ] as const)("where a test is not green: %s", (file, why) => {
    const [complaint, ...more] = complaints("reference/green", file);
    expect(complaint).toMatch(new RegExp(`^${place(file)} › a \\w+ > .*: ${why}$`));
    expect(more).toEqual([]);
  });

  it.each([
    ["pristine/green", "passes on a starter: it does not test what the learner writes"],
    ["pristine/skipped", "is red on a starter for the wrong reason"],
    ["pristine/crashing", "is red on a starter for the wrong reason"],
    ["pristine/untold", "tells no story: given, when, wanted"],
    ["pristine/priceless", "does not say what it costs in production"],
  ] as const)("where a starter's test is not rightly red: %s", (file, why) => {
    expect(complaints("pristine/wrong", file)).toEqual([
      `${place(file)} › a stay > has nights: ${why}`,
    ]);
  });

  it("where a file does not parse, or a hook failed", () => {
    expect(complaints("reference/green", "reference/unparsed")).toEqual([
      `${place("reference/unparsed")}: Error: Transform failed with 1 error:`,
    ]);
    expect(complaints("reference/hook")).toEqual([
      `${place("reference/hook")}: TypeError: The hook failed.`,
      `${place("reference/hook")} › a stay > has nights: was skipped`,
    ]);
  });

  it("where no test has caught an error", () => {
    const run: Run = { ...all, modules: modulesOf(all, "reference/rejecting") };
    const [complaint, ...more] = complaintsAbout(run);
    expect(complaint?.where).toBe("outside any test");
    expect(complaint?.why).toMatch(/^Error: Nobody has awaited me\./);
    expect(more).toEqual([]);
  });

  it("where no test ran", () => {
    expect(complaints()).toEqual(["the run: no test ran at all"]);
    expect(complaints("reference/unparsed")).toContain("the run: no test ran at all");
  });
});

describe("the whole run", () => {
  beforeEach(() => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("asks the references, the starters and the tools", async () => {
    const asked: RunOptions[] = [];
    await testWorkshop(undefined, undefined, async (options) => {
      asked.push(options);
      return runOf();
    });
    expect(asked).toMatchObject([{ trees: ["reference", "pristine"], tooling: true }]);
  });

  it("is content where the workshop is as it must be, and only there", async () => {
    const isContent = (...names: readonly (keyof typeof files)[]): Promise<boolean> =>
      testWorkshop(undefined, undefined, async () => runOf("pristine/unwritten", ...names));
    expect(await isContent("reference/green")).toBe(true);
    expect(await isContent("reference/wrong")).toBe(false);
    expect(await isContent("pristine/green")).toBe(false);
  });
});

describe("the trial of a mistake", () => {
  it("calls no test green that failed or was left out, and names each as the mistakes do, without its file", () => {
    const modules = modulesOf(all, "reference/green", "reference/skipped", "reference/wrong");
    const { tests, around } = trialOf(modules);
    expect(tests.map(({ name, isGreen }) => [name, isGreen]).sort()).toEqual([
      ["has nights", false],
      ["has nights", false],
      ["has nights", true],
      ["is", true],
    ]);
    expect(around).toEqual([]);
  });

  it("keeps what made the tests impossible to run", () => {
    const { around } = trialOf(modulesOf(all, "reference/unparsed", "reference/hook"));
    expect(around.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining("PARSE_ERROR"), "The hook failed."]),
    );
  });
});
