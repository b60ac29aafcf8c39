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
  "02-replay": [
    {
      id: "sequence-of-moments",
      title: "yields every moment of a history, and answers each question by a walk over them",
      tradeOffs:
        "Four functions become four short loops over one generator, and a fifth question costs three lines; it is as fast as the reference (7.9 against 7.6 ms for 10,000 events). Who forgets that it is lazy looks for an error that has not been thrown yet.",
    },
    {
      id: "one-fold-that-stops",
      title: "has one loop for all questions, which is told when to stop",
      tradeOffs:
        "The check of a history stands in exactly one place, and it is as fast as the reference. The loop has three optional callbacks: with a fourth one, a reader would have to simulate it in the head.",
    },
  ],
};

export function alternativesOf(stepId: string): readonly Alternative[] {
  return catalogue[stepId] ?? [];
}
