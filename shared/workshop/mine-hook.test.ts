import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { placeOf } from "./mine-hook.ts";
import { root } from "./steps.ts";

describe("the demo on the learner's code", () => {
  const solved = new Set(["04-concurrency"]);
  const place = (path: string): string | undefined =>
    placeOf(join(root, path), solved)
      ?.slice(root.length + 1)
      .replaceAll("\\", "/");

  it("takes a solved step from the learner, whoever imports it", () => {
    expect(place("solutions/04-concurrency/event-store.ts")).toBe(
      "steps/04-concurrency/event-store.ts",
    );
    expect(place("steps/04-concurrency/event-store.ts")).toBe(
      "steps/04-concurrency/event-store.ts",
    );
  });

  it("takes every other step from the reference", () => {
    expect(place("steps/03-event-store/rows.ts")).toBe("solutions/03-event-store/rows.ts");
  });

  it("leaves alone what belongs to no step", () => {
    expect(place("shared/kernel/event.ts")).toBeUndefined();
    expect(placeOf("/elsewhere/steps/04-concurrency/event-store.ts", solved)).toBeUndefined();
  });
});
