/** Puts the page together. */

import { startCommands } from "./commands.js";
import { find, soon, write } from "./dom.js";
import { forgetDots, moveDot, placeDots } from "./dots.js";
import { showProgress, startExperiments } from "./experiments.js";
import { showFigures } from "./figures.js";
import { listen } from "./live.js";
import { notePassing } from "./passing.js";
import {
  followStream,
  isAsked,
  openStream,
  refresh,
  showStreams,
  startTimeline,
} from "./timeline.js";
import { judgeSoon, noteFlow } from "./verdict.js";

const showStreamsSoon = soon(
  () => void showStreams().catch(() => undefined),
  () => 400,
);

/** What broke, until nothing has broken for a while: it is tried again by itself. */
let calm = 0;
/** @param {{ readonly place: string, readonly message: string }} trouble */
function showTrouble({ place, message }) {
  const sign = find("#trouble", HTMLElement);
  write(sign, `${place}: ${message}`);
  clearTimeout(calm);
  calm = setTimeout(() => write(sign, ""), 8_000);
}

startTimeline();
startCommands();
startExperiments();
new ResizeObserver(placeDots).observe(find(".way", HTMLElement));

listen({
  onPipeline: (pipeline) => {
    showFigures(pipeline);
    noteFlow(pipeline);
    judgeSoon();
  },
  onTravel: (travel, isPast) => {
    if (!isPast) moveDot(travel);
    notePassing(travel, (streamId) => void openStream(streamId));
    void followStream(travel).catch(() => undefined);
    if (travel.place === "stored") showStreamsSoon();
  },
  onProgress: showProgress,
  onTrouble: showTrouble,
  onHello: (isResumed) => {
    if (!isResumed) forgetDots();
    void refresh().catch(() => undefined);
    showStreamsSoon();
    judgeSoon();
  },
});

const newest = await showStreams().catch(() => undefined);
if (newest !== undefined && !isAsked()) await openStream(newest);
// The place that a README has led to has another height now.
if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
