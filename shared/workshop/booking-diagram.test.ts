import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bookingDiagram, deadEndDiagram } from "./booking-diagram.ts";
import { root } from "./steps.ts";

const readme = readFileSync(join(root, "steps/12-saga/README.md"), "utf8").replaceAll("\r\n", "\n");

/** The state diagrams in the README, without their fences. */
const drawn = [...readme.matchAll(/^```mermaid\n(stateDiagram-v2\n[\s\S]*?)\n```$/gm)].map(
  ([, diagram]) => diagram,
);

describe("the state machine in the README of step 12", () => {
  // Where this is red, the code has changed: what was received has to become what is expected.
  it("is the one that the reference's react and evolve walk through", () => {
    expect(drawn[0]).toBe(bookingDiagram());
  });

  it("has the dead ends of the reference, too", () => {
    expect(drawn[1]).toBe(deadEndDiagram());
  });

  it("reaches every state, and none that has no way out but the two ends", () => {
    const states = new Set(bookingDiagram().match(/\b[a-z]+(?= -->)|(?<=--> )[a-z]+/g));
    expect([...states].sort()).toEqual([
      "booked",
      "cancelled",
      "cancelling",
      "charging",
      "confirming",
      "holding",
      "releasing",
      "returning",
    ]);
  });
});
