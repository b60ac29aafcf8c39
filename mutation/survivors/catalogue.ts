/** The mutants that may survive, by step. */

import type { Excuse } from "../survivor.ts";
import { aggregateSurvivors } from "./01-aggregate.ts";
import { replaySurvivors } from "./02-replay.ts";
import { eventStoreSurvivors } from "./03-event-store.ts";
import { concurrencySurvivors } from "./04-concurrency.ts";
import { commandHandlerSurvivors } from "./05-command-handlers.ts";
import { publishingSurvivors } from "./06-publishing.ts";
import { consumingSurvivors } from "./07-consuming.ts";
import { projectionSurvivors } from "./08-projections.ts";
import { rebuildSurvivors } from "./09-rebuild.ts";
import { snapshotSurvivors } from "./10-snapshots.ts";
import { sagaSurvivors } from "./12-saga.ts";
import { demoSurvivors } from "./13-cqrs-demo.ts";

const catalogue: Readonly<Record<string, readonly Excuse[]>> = {
  "01-aggregate": aggregateSurvivors,
  "02-replay": replaySurvivors,
  "03-event-store": eventStoreSurvivors,
  "04-concurrency": concurrencySurvivors,
  "05-command-handlers": commandHandlerSurvivors,
  "06-publishing": publishingSurvivors,
  "07-consuming": consumingSurvivors,
  "08-projections": projectionSurvivors,
  "09-rebuild": rebuildSurvivors,
  "10-snapshots": snapshotSurvivors,
  "12-saga": sagaSurvivors,
  "13-cqrs-demo": demoSurvivors,
};

export function excusesOf(stepId: string): readonly Excuse[] {
  return catalogue[stepId] ?? [];
}
