/** Other right solutions, by step. All of them are green under the step's own tests. */

import type { Alternative } from "./alternative.ts";

const catalogue: Readonly<Record<string, readonly Alternative[]>> = {
  "01-aggregate": [
    {
      id: "class-based",
      title: "keeps the state in an object that handles commands and notes down what it decides",
      tradeOffs:
        "It reads as many books show an aggregate, and private methods keep rules close to what they guard. The price is a state that changes while a command is handled: a test looks at an object instead of comparing two values, and nothing but care keeps two commands from sharing one.",
    },
    {
      id: "state-by-state",
      title: "asks for the state first and for the command second",
      tradeOffs:
        "What a cancelled reservation does stands in one place, and the compiler asks for an answer in each state. With four commands and four states it is longer; with fifteen commands of which five make sense in a state, it is the shorter one.",
    },
  ],
};

export function alternativesOf(stepId: string): readonly Alternative[] {
  return catalogue[stepId] ?? [];
}
