/** All mistakes, by the step in which they are made. */

import { aggregateMistakes } from "./01-aggregate.ts";
import { replayMistakes } from "./02-replay.ts";
import { eventStoreMistakes } from "./03-event-store.ts";
import { concurrencyMistakes } from "./04-concurrency.ts";
import { commandHandlerMistakes } from "./05-command-handlers.ts";
import { publishingMistakes } from "./06-publishing.ts";
import { consumingMistakes } from "./07-consuming.ts";
import { projectionMistakes } from "./08-projections.ts";
import { rebuildMistakes } from "./09-rebuild.ts";
import { snapshotMistakes } from "./10-snapshots.ts";
import { versioningMistakes } from "./11-versioning.ts";
import { bookingMistakes } from "./12-saga-deciding.ts";
import { dispatchingMistakes } from "./12-saga-dispatching.ts";
import { demoAnsweringMistakes } from "./13-cqrs-demo-answering.ts";
import { demoComposingMistakes } from "./13-cqrs-demo-composing.ts";
import { demoWritingMistakes } from "./13-cqrs-demo-writing.ts";
import type { Mistake } from "./mistake.ts";

const catalogue: Readonly<Record<string, readonly Mistake[]>> = {
  "01-aggregate": aggregateMistakes,
  "02-replay": replayMistakes,
  "03-event-store": eventStoreMistakes,
  "04-concurrency": concurrencyMistakes,
  "05-command-handlers": commandHandlerMistakes,
  "06-publishing": publishingMistakes,
  "07-consuming": consumingMistakes,
  "08-projections": projectionMistakes,
  "09-rebuild": rebuildMistakes,
  "10-snapshots": snapshotMistakes,
  "11-versioning": versioningMistakes,
  "12-saga": [...bookingMistakes, ...dispatchingMistakes],
  "13-cqrs-demo": [...demoWritingMistakes, ...demoComposingMistakes, ...demoAnsweringMistakes],
};

export function mistakesOf(stepId: string): readonly Mistake[] {
  return catalogue[stepId] ?? [];
}
