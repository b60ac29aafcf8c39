import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { mistakesOf } from "../mistakes/catalogue.ts";
import { group, modulesOf, right, test, withSmallVitest, wrong } from "./fixtures/small-vitest.ts";
import { checkMistakes } from "./mistake-check.ts";
import type { Run } from "./run-vitest.ts";
import { stepNumbered } from "./steps.ts";
import { trialFile } from "./variant-files.ts";

const step = stepNumbered(1);
const [caught = "", uncaught = ""] = mistakesOf(step.id).flatMap(({ id, caughtBy }) =>
  caughtBy.length === 1 ? [id] : [],
);

/** What the step's tests say to the two: the first is caught, the other by a test that it does not name. */
const files = {
  [`trials/${caught}`]: group("stay.test.ts", testOf(caught, wrong)),
  [`trials/${uncaught}`]: group(
    "stay.test.ts",
    testOf(uncaught, right),
    group("a price", test("is paid", wrong)),
  ),
};

let both: Run;
beforeAll(async () => {
  const run = await withSmallVitest(files, (session) => session.run());
  const modules = [caught, uncaught].flatMap((id) =>
    modulesOf(run, `trials/${id}`).map((module) => Object.assign(module, { moduleId: fileOf(id) })),
  );
  both = { ...run, modules };
});

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the check of the mistakes", () => {
  it("is content where the test that a mistake names is red, whatever the tests say to another", async () => {
    expect(await checkMistakes([step], [caught], async () => both)).toBe(true);
  });

  it("is not content where one of them is not caught by the test that it names", async () => {
    expect(await checkMistakes([step], [caught, uncaught], async () => both)).toBe(false);
  });

  it("is not content where no test ran, or there is no such mistake", async () => {
    const nothing: Run = { modules: [], errors: [], stalls: [] };
    expect(await checkMistakes([step], [caught], async () => nothing)).toBe(false);
    expect(await checkMistakes([step], ["no such mistake"], async () => both)).toBe(false);
  });
});

/** Where the check has its trial. */
function fileOf(id: string): string {
  return trialFile({ kind: "mistakes", step: step.id, id });
}

/** The test that the mistake names. */
function testOf(id: string, body: string): string {
  const name = mistakesOf(step.id).find((mistake) => mistake.id === id)?.caughtBy[0] ?? "";
  const [title = "", ...rest] = name.split(" › ");
  return group(title, test(rest.join(" › "), body));
}
