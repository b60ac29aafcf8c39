import { describe, expect, it } from "vitest";
import { mistakesOf } from "../mistakes/catalogue.ts";
import { playMistake, testGroups } from "./mistake-quiz.ts";
import { stepNumbered } from "./steps.ts";

const step = stepNumbered(1);
const [mistake] = mistakesOf(step.id).filter(({ id }) => id === "confirms-a-cancelled-reservation");
const right = String(testGroups(step).indexOf("a cancelled reservation") + 1);

/** Plays the mistake with these answers; undefined is what is heard where there is no terminal. */
async function played(...answers: readonly (string | undefined)[]) {
  if (!mistake) throw new TypeError("Step 01 has lost its mistake.");
  const left = [...answers];
  const lines: string[] = [];
  const tried: string[] = [];
  const guessed = await playMistake(
    step,
    mistake,
    {
      print: (line) => lines.push(line),
      async ask(question) {
        lines.push(question);
        return left.shift();
      },
    },
    async (_step, { id }) => {
      tried.push(id);
      return ["WRONG  a cancelled reservation › cannot be confirmed"];
    },
  );
  return { guessed, tried, left, text: lines.join("\n") };
}

describe("a mistake as a question", () => {
  it("shows the diff, asks, runs the tests, and tells the cost, in this order", async () => {
    const { text, tried } = await played(right);
    expect(text).toMatch(
      /confirms a reservation[\s\S]*-.*isCancelled[\s\S]*Which tests[\s\S]*Your guess[\s\S]*WRONG[\s\S]*In production: /,
    );
    expect(tried).toEqual(["confirms-a-cancelled-reservation"]);
  });

  it("knows a right guess from a wrong one", async () => {
    expect(await played(right)).toMatchObject({
      guessed: true,
      text: expect.stringContaining('Right: "a cancelled reservation" catches it.'),
    });
    expect(await played("1")).toMatchObject({
      guessed: false,
      text: expect.stringContaining('Not "the nights of a stay": it is caught by'),
    });
  });

  it.each(["0", "99", "two", "-1"])("asks again after %j", async (answer) => {
    expect(await played(answer, ` ${right} `)).toMatchObject({ guessed: true, left: [] });
  });

  it.each(["", undefined])("shows all without a guess after %j", async (answer) => {
    const { guessed, text, tried } = await played(answer);
    expect(guessed).toBeUndefined();
    expect(tried).toHaveLength(1);
    expect(text).toContain("Caught by:  a cancelled reservation");
  });
});

describe("the groups to choose from", () => {
  it("stand in the order of the README's tasks, each once", () => {
    const groups = testGroups(step);
    expect(groups.slice(0, 3)).toEqual([
      "the nights of a stay",
      "the state of a reservation",
      "a new reservation",
    ]);
    expect(groups.at(-1)).toBe("the laws of an aggregate");
    expect(new Set(groups).size).toBe(groups.length);
  });
});
