/**
 * Events as dots on the line between the stations. They are there for the eye only, and slower than what
 * they show: a dot takes one way after the other, and rests where its event rests.
 */

import { element, find } from "./dom.js";

/** @import { Travel } from "./live.js" */

const stations = ["stored", "relayed", "published", "projecting", "projected"];
/** More than that would be fog. */
const most = 48;
const wayTime = 450;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {{ readonly dot: HTMLElement, station: number, goal: number, isMoving: boolean }} Traveller */

/** @type {Map<string, Traveller>} */
const travellers = new Map();

/** @param {Travel} travel */
export function moveDot({ place, id, delivery = 1 }) {
  const goal = stations.indexOf(place);
  // What comes again, after its dot has gone, comes along the second half of the way.
  const start = delivery > 1 ? stations.indexOf("published") : 0;
  const traveller = travellers.get(id) ?? depart(id, start);
  if (!traveller) return;
  traveller.goal = Math.max(traveller.goal, goal);
  void go(id, traveller);
}

/** The page has another shape: dots that rest take their new places. */
export function placeDots() {
  for (const traveller of travellers.values()) if (!traveller.isMoving) rest(traveller);
}

/** Events of a connection that was lost are not followed any more. */
export function forgetDots() {
  for (const { dot } of travellers.values()) dot.remove();
  travellers.clear();
}

/**
 * @param {string} id
 * @param {number} station
 * @returns {Traveller | undefined}
 */
function depart(id, station) {
  if (travellers.size >= most) return undefined;
  const dot = element("span", { class: "dot" });
  find(".track", HTMLElement).append(dot);
  const traveller = { dot, station, goal: station, isMoving: false };
  travellers.set(id, traveller);
  rest(traveller);
  return traveller;
}

/**
 * @param {string} id
 * @param {Traveller} traveller
 */
async function go(id, traveller) {
  if (traveller.isMoving) return;
  traveller.isMoving = true;
  while (traveller.station < traveller.goal) {
    const from = placeOf(traveller.station, 0);
    traveller.station += 1;
    const to = placeOf(traveller.station, 0);
    if (!calm.matches) {
      const keyframes = [{ transform: from }, { transform: to }];
      await traveller.dot.animate(keyframes, { duration: wayTime, easing: "ease-in-out" }).finished;
    }
    traveller.dot.style.transform = to;
  }
  traveller.isMoving = false;
  rest(traveller);
  if (traveller.station < stations.length - 1) return;
  const fading = traveller.dot.animate([{ opacity: 1 }, { opacity: 0 }], {
    duration: 900,
    delay: 300,
  });
  await fading.finished;
  traveller.dot.remove();
  if (travellers.get(id) === traveller) travellers.delete(id);
}

/** @param {Traveller} traveller */
function rest(traveller) {
  const others = [...travellers.values()].filter(
    (other) => other.station === traveller.station && !other.isMoving,
  );
  const index = others.indexOf(traveller);
  traveller.dot.style.transform = placeOf(traveller.station, Math.max(0, index));
}

/**
 * Above the station, one upon the other where several rest.
 *
 * @param {number} station
 * @param {number} index
 */
function placeOf(station, index) {
  const port = find(`[data-station="${stations[station]}"] .port`, HTMLElement);
  const box = port.getBoundingClientRect();
  const origin = find(".track", HTMLElement).getBoundingClientRect();
  const column = index % 6;
  const row = Math.floor(index / 6);
  const x = box.left + box.width / 2 - origin.left + column * 9;
  const y = box.top + box.height / 2 - origin.top - row * 9;
  return `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}
