/** The figures under each station. */

import { counted, find, write } from "./dom.js";

/** @import { Pipeline } from "./live.js" */

/** @param {Pipeline} pipeline */
export function showFigures({ stored, relayed, projected, lag, queues, paused, cut }) {
  const onTheBus = Math.max(0, lag.events - relayed.waiting);
  set("stored", counted(stored.events));
  set("position", stored.position);
  set("relay-waiting", counted(relayed.waiting));
  set("relay-position", relayed.position);
  set("on-the-bus", counted(onTheBus));
  const { ready = 0, retrying = 0, parked = 0 } = queues ?? {};
  set("ready", queues ? counted(ready + retrying) : "?");
  // What the projector has taken out of the queue, and not acknowledged yet.
  set("fetched", queues ? counted(Math.max(0, onTheBus - ready - retrying - parked)) : "?");
  set("parked", queues ? counted(parked) : "?");
  brief("stored", `${counted(stored.events)} stored`);
  brief("relay-waiting", `${counted(relayed.waiting)} to publish`);
  brief("on-the-bus", `${counted(onTheBus)} on the bus`);
  brief("parked", `${counted(parked)} parked`);
  brief("lag", `${counted(lag.events)} behind`);
  set("projected", counted(projected.events));
  set("projected-position", projected.position);
  set("lag", counted(lag.events));
  set("lag-time", lag.events === 0 ? "0 ms" : duration(lag.milliseconds));
  flag("paused", paused);
  flag("cut", cut);
  station("relayed", relayed.waiting > 0);
  station("published", onTheBus > 0 || parked > 0);
  station("projected", lag.events > 0);
}

/**
 * @param {string} name
 * @param {string} text
 */
function set(name, text) {
  write(find(`[data-figure="${name}"]`, HTMLElement), text);
}

/**
 * The same in a line, for whoever has scrolled on.
 *
 * @param {string} name
 * @param {string} text
 */
function brief(name, text) {
  write(find(`[data-brief="${name}"]`, HTMLElement), text);
}

/**
 * @param {string} name
 * @param {boolean} isUp
 */
function flag(name, isUp) {
  find(`[data-flag="${name}"]`, HTMLElement).hidden = !isUp;
}

/**
 * @param {string} name
 * @param {boolean} isBusy
 */
function station(name, isBusy) {
  find(`[data-station="${name}"]`, HTMLElement).classList.toggle("busy", isBusy);
}

/** @param {number} milliseconds */
function duration(milliseconds) {
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  if (milliseconds < 120_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}
