/** The time machine itself: one stream, a slider, and the state at that moment. */

import { element, find, oneAtATime, write } from "./dom.js";
import { showEvents } from "./events.js";
import { showFields } from "./fields.js";
import { get, Problem, readComparison, readHistory, readStateBefore } from "./server.js";
import { timeOf } from "./words.js";

/** @import { Comparison, HistoryEntry } from "./server.js" */
/** @import { Travel } from "./live.js" */

const slider = find("#slider", HTMLInputElement);
const moment = find("#moment", HTMLOutputElement);
const replay = find("#replay", HTMLButtonElement);
/** How fine the slider is between two points in time. */
const ticks = 2_000;

let streamId = "";
/** @type {readonly HistoryEntry[]} */
let entries = [];
/** @type {Comparison | undefined} */
let comparison;
/** @type {number | undefined} */
let replaying;
/** Answers that come after a newer question are thrown away. */
let asked = 0;

export function startTimeline() {
  find("#choose", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void openStream(find("#stream", HTMLInputElement).value.trim());
  });
  for (const radio of document.querySelectorAll('input[name="axis"]')) {
    radio.addEventListener("change", () => setAxis());
  }
  slider.addEventListener("input", () => {
    stopReplay();
    void showMoment();
  });
  replay.addEventListener("click", () => (replaying === undefined ? startReplay() : stopReplay()));
}

/** Whether somebody has asked for a stream already. */
export function isAsked() {
  return asked > 0;
}

export function openStreamId() {
  return streamId;
}

/** The version that is seen, as the one who decides has seen it. */
export function seenVersion() {
  return entries.at(-1)?.version ?? 0;
}

/** @returns {Readonly<Record<string, unknown>>} */
export function newestState() {
  return entries.at(-1)?.state ?? {};
}

/** @param {string} wanted */
export async function openStream(wanted) {
  stopReplay();
  const question = ++asked;
  const problem = find("#timeline-problem", HTMLElement);
  try {
    const read = await readHistory(wanted);
    if (question !== asked) return;
    if (read.length === 0) throw new Problem(`There is no stream ${wanted}.`);
    streamId = wanted;
    entries = read;
    comparison = undefined;
    find("#stream", HTMLInputElement).value = wanted;
    write(find("#chosen", HTMLElement), wanted);
    find("#machine", HTMLElement).hidden = false;
    const radio = find('input[name="axis"][value="time"]', HTMLInputElement);
    radio.disabled = !isReservation();
    if (radio.disabled) find('input[name="axis"]', HTMLInputElement).checked = true;
    write(problem, "");
    setAxis();
    await compare();
  } catch (error) {
    if (question === asked) write(problem, messageOf(error));
  }
}

/** Something has happened: is it in the stream that is open? @param {Travel} travel */
export async function followStream(travel) {
  if (travel.streamId === streamId && travel.place !== "published") await refresh();
}

/** Reads on: all of it may be older than it looks. */
export const refresh = oneAtATime(async () => {
  if (streamId === "") return;
  await readOn();
  await compare();
});

export async function showStreams() {
  /** @type {readonly { readonly streamId: string }[]} */
  const streams = await get("/lab/streams");
  const options = streams.map((stream) => element("option", { value: stream.streamId }));
  find("#streams", HTMLDataListElement).replaceChildren(...options);
  const group = find("#newest", HTMLElement);
  const known = [...group.children].map((child) => child.textContent);
  const newest = streams.slice(0, 6).map((stream) => stream.streamId);
  if (known.join() === newest.join()) return newest[0];
  const focused = group.contains(document.activeElement) ? document.activeElement?.textContent : "";
  const chips = newest.map((id) => {
    const chip = element("button", { type: "button", class: "chip" }, id);
    chip.addEventListener("click", () => void openStream(id));
    return chip;
  });
  group.replaceChildren(...chips.map((chip) => element("li", {}, chip)));
  chips.find((chip) => chip.textContent === focused)?.focus();
  return newest[0];
}

async function readOn() {
  const wanted = streamId;
  const more = await readHistory(wanted, seenVersion());
  const fresh = more.filter(({ version }) => version > seenVersion());
  if (wanted !== streamId || fresh.length === 0) return;
  const wasAtEnd = slider.value === slider.max;
  const at = slider.valueAsNumber;
  entries = [...entries, ...fresh];
  setAxis(wasAtEnd || byTime() ? undefined : at);
}

async function compare() {
  const wanted = streamId;
  const found = isReservation() ? await readComparison(wanted) : undefined;
  if (wanted !== streamId) return;
  comparison = found;
  await showMoment();
}

/** The slider's ends; it goes to the newest moment when nothing else is said. @param {number} [value] */
function setAxis(value) {
  const last = entries.length;
  slider.max = String(byTime() ? ticks : last);
  slider.value = String(value ?? slider.max);
  write(find("#slider-name", HTMLElement), byTime() ? "Point in time" : "Version");
  void showMoment();
}

async function showMoment() {
  const isNow = slider.value === slider.max;
  const row = isReservation() ? (comparison?.row ?? null) : undefined;
  if (byTime()) {
    const time = timeAt(slider.valueAsNumber);
    const version = entries.filter(({ stored }) => stored.recordedAt < time).length;
    describe(`just before ${timeOf(time)} UTC`, "Just before");
    showEvents(entries, version, goTo);
    await showStateBefore();
  } else {
    const version = slider.valueAsNumber;
    const entry = entries[version - 1];
    const what = entry ? `, ${entry.stored.type}` : ", before the first event";
    describe(`version ${version} of ${entries.length}${what}`, `After version ${version}`);
    showEvents(entries, version, goTo);
    const changed = version > 1 ? (entry?.changed ?? []) : [];
    showFields(entry?.state ?? { status: "none" }, changed, row, isNow);
  }
  showAgreement();
}

/** The state that the server knew just before the time at which the slider is now. */
const showStateBefore = oneAtATime(async () => {
  const wanted = streamId;
  const state = await readStateBefore(wanted, timeAt(slider.valueAsNumber)).catch(() => undefined);
  if (!state || wanted !== streamId || !byTime()) return;
  showFields(state, [], comparison?.row ?? null, slider.value === slider.max);
});

/**
 * @param {string} text
 * @param {string} title
 */
function describe(text, title) {
  write(moment, text);
  slider.setAttribute("aria-valuetext", text);
  write(find("#state-title", HTMLElement), title);
}

function showAgreement() {
  const sign = find("#agreement", HTMLElement);
  if (!isReservation()) {
    sign.dataset.state = "none";
    return write(sign, "hotels, guests and bookings have no row in this read model");
  }
  if (!comparison) return;
  const { agree, rowVersion } = comparison;
  const storeVersion = Math.max(comparison.storeVersion, seenVersion());
  const behind = rowVersion < storeVersion ? `, of ${storeVersion} stored` : "";
  sign.dataset.state = agree ? (behind === "" ? "good" : "waiting") : "bad";
  const verdict = agree ? "✔ row = replay" : "✘ the row is not what the events say";
  write(sign, `${verdict}, up to version ${rowVersion}${behind}`);
}

/** @param {number} version */
function goTo(version) {
  stopReplay();
  if (byTime()) {
    find('input[name="axis"]', HTMLInputElement).checked = true;
    setAxis(version);
  } else {
    slider.value = String(version);
    void showMoment();
  }
}

/** Before the reader's eyes, from before the first event on. */
function startReplay() {
  if (slider.value === slider.max) slider.value = "0";
  write(replay, "Stop");
  const stepTime = Math.max(40, Math.min(700, 6_000 / Math.max(1, entries.length)));
  const step = byTime() ? ticks / 40 : 1;
  void showMoment();
  replaying = setInterval(() => {
    slider.value = String(slider.valueAsNumber + step);
    void showMoment();
    if (slider.value === slider.max) stopReplay();
  }, stepTime);
}

function stopReplay() {
  clearInterval(replaying);
  replaying = undefined;
  write(replay, "Replay");
}

/** From a moment before the first event to a moment after the last one. @param {number} tick */
function timeAt(tick) {
  const first = Date.parse(entries[0]?.stored.recordedAt ?? "");
  const last = Date.parse(entries.at(-1)?.stored.recordedAt ?? "");
  const margin = Math.max(1_000, (last - first) / 20);
  const from = first - margin;
  return new Date(Math.round(from + ((last + margin - from) * tick) / ticks)).toISOString();
}

function byTime() {
  return find('input[name="axis"][value="time"]', HTMLInputElement).checked;
}

function isReservation() {
  return streamId.startsWith("reservation-");
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Problem ? error.message : "Something went wrong. Reload the page.";
}
