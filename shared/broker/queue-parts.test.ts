import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newMessage } from "./message.ts";
import { outlineOf } from "./properties.ts";
import { type Entry, ReadyList } from "./ready-list.ts";
import { matchesTopic } from "./topic.ts";

const noProperties = Buffer.from([0, 0]);
const message = newMessage("", "queue", noProperties, outlineOf(noProperties, 0, 2));
const entryAt = (position: number): Entry => ({
  message,
  position,
  expiresAt: undefined,
  redelivered: false,
  deliveryCount: 0,
});

describe("the messages that are ready", () => {
  it("keep the order of their positions, whatever leaves and comes back", () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant("push" as const), count: fc.nat(12) }),
      fc.record({ what: fc.constant("shift" as const), count: fc.nat(12) }),
      fc.record({ what: fc.constant("pop" as const), count: fc.nat(2) }),
      fc.record({ what: fc.constant("back" as const), count: fc.nat(12) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (steps, seed) => {
        const list = new ReadyList();
        let model: number[] = [];
        let away: Entry[] = [];
        let last = 0;
        for (const { what, count } of steps) {
          if (what === "back") {
            const back = away.filter(({ position }) => (position * 31 + seed) % 13 < count);
            away = away.filter((entry) => !back.includes(entry));
            list.putBack(seed % 2 === 0 ? back : back.toReversed());
            model = [...model, ...back.map(({ position }) => position)].sort((a, b) => a - b);
          }
          for (let index = 0; index < count && what !== "back"; index++) {
            if (what === "push") {
              last += 1;
              list.push(entryAt(last));
              model.push(last);
              continue;
            }
            const taken = what === "shift" ? list.shift() : list.pop();
            expect(taken?.position).toBe(what === "shift" ? model.shift() : model.pop());
            if (taken) away.push(taken);
          }
          expect(list.length).toBe(model.length);
          expect(list.first?.position).toBe(model[0]);
        }
        expect(list.clear().map(({ position }) => position)).toEqual(model);
      }),
    );
  });
});

describe("a topic pattern", () => {
  const word = fc.constantFrom("a", "b", "");
  const words = (unit: fc.Arbitrary<string>) =>
    fc.array(unit, { maxLength: 6 }).map((parts) => parts.join("."));

  it("matches as its definition says", () => {
    const pattern = words(fc.oneof(word, fc.constantFrom("*", "#")));
    fc.assert(
      fc.property(pattern, words(word), (wanted, key) => {
        expect(matchesTopic(wanted, key)).toBe(matches(partsOf(wanted), partsOf(key)));
      }),
      { numRuns: 1000 },
    );
  });

  it("costs no more than its length, however many # it has", () => {
    const wanted = `${"#.a.".repeat(60)}b`;

    expect(matchesTopic(wanted, "a.".repeat(120))).toBe(false);
  });

  /** The definition, word by word. */
  function matches([first, ...pattern]: readonly string[], key: readonly string[]): boolean {
    const [word, ...rest] = key;
    if (first === undefined) return word === undefined;
    if (first === "#" && matches(pattern, key)) return true;
    if (word === undefined) return false;
    if (first === "#") return matches([first, ...pattern], rest);
    return (first === "*" || first === word) && matches(pattern, rest);
  }

  function partsOf(text: string): readonly string[] {
    return text === "" ? [] : text.split(".");
  }
});
