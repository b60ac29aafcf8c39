/** Puts the page together. */

import { startCommands } from "./commands.js";
import { find, soon, write } from "./dom.js";
import { forgetDots, moveDot, placeDots } from "./dots.js";
import { showProgress, startExperiments } from "./experiments.js";
import { showFigures } from "./figures.js";
import { listen } from "./live.js";
import { notePassing } from "./passing.js";
import { followStream, openStream, refresh, showStreams, startTimeline } from "./timeline.js";
import { judgeSoon, noteFlow } from "./verdict.js";

const showStreamsSoon = soon(
  () => void showStreams().catch(() => undefined),
  () => 400,
);

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
  onTrouble: ({ place, message }) => write(find("#trouble", HTMLElement), `${place}: ${message}`),
  onHello: (isResumed) => {
    if (!isResumed) forgetDots();
    void refresh().catch(() => undefined);
    showStreamsSoon();
    judgeSoon();
  },
});

const newest = await showStreams().catch(() => undefined);
if (newest !== undefined) await openStream(newest);
// The place that a README has led to has another height now.
if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
