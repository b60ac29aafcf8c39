/**
 * What the server tells by itself: figures and events on their way. A lost connection is made anew, later
 * and later, and goes on where it was; a tab that nobody sees needs none.
 */

import { find, write } from "./dom.js";

/**
 * @typedef {{ readonly place: "stored" | "published" | "projected", readonly id: string,
 *   readonly streamId: string, readonly version: number, readonly type: string, readonly position: string,
 *   readonly at: number, readonly delivery?: number }} Travel
 * @typedef {{ readonly stored: { readonly events: number, readonly position: string },
 *   readonly relayed: { readonly position: string, readonly waiting: number },
 *   readonly projected: { readonly events: number, readonly position: string },
 *   readonly lag: { readonly events: number, readonly milliseconds: number },
 *   readonly queues: { readonly ready: number, readonly retrying: number, readonly parked: number } | null,
 *   readonly paused: boolean, readonly cut: boolean, readonly poisoned: readonly string[] }} Pipeline
 * @typedef {{ readonly done: number, readonly total: number }} Progress
 * @typedef {{
 *   readonly onPipeline: (pipeline: Pipeline) => void,
 *   readonly onTravel: (travel: Travel, isPast: boolean) => void,
 *   readonly onProgress: (progress: Progress) => void,
 *   readonly onTrouble: (trouble: { readonly place: string, readonly message: string }) => void,
 *   readonly onHello: (isResumed: boolean) => void,
 * }} Listeners
 */

/** Milliseconds without any sign of life after which the connection counts as lost. */
const patience = 25_000;

/** @param {Listeners} listeners */
export function listen(listeners) {
  const sign = find("#connection", HTMLElement);
  /** @type {EventSource | undefined} */
  let source;
  let lastId = "";
  let failures = 0;
  /** How many of the next messages tell of what was before this page was there. */
  let past = 0;
  /** @type {number | undefined} */
  let timer;

  const connect = () => {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(`/lab/pipeline?after=${encodeURIComponent(lastId)}`);
    /**
     * @template Data
     * @param {string} name
     * @param {(data: Data) => void} use
     */
    const on = (name, use) => {
      source?.addEventListener(name, (message) => {
        if (message.lastEventId !== "") lastId = message.lastEventId;
        expectSigns();
        use(JSON.parse(message.data));
      });
    };
    on("hello", (/** @type {{ resumed: boolean, past: number }} */ hello) => {
      failures = 0;
      past = hello.resumed ? 0 : hello.past;
      say("live", "live");
      listeners.onHello(hello.resumed);
    });
    on("beat", () => undefined);
    on("pipeline", listeners.onPipeline);
    on("travel", (/** @type {Travel} */ travel) => listeners.onTravel(travel, past-- > 0));
    on("rebuild", listeners.onProgress);
    on("trouble", (/** @type {{ place: string, message: string }} */ trouble) => {
      if (past-- <= 0) listeners.onTrouble(trouble);
    });
    source.onerror = lose;
    expectSigns();
  };
  const expectSigns = () => {
    clearTimeout(timer);
    timer = setTimeout(lose, patience);
  };
  const lose = () => {
    source?.close();
    failures += 1;
    const seconds = Math.min(2 ** (failures - 2), 8);
    say("lost", `connection lost, trying again ${seconds < 1 ? "now" : `in ${seconds} s`}`);
    clearTimeout(timer);
    // A part of it is chance: not all tabs come back in the same moment.
    timer = setTimeout(connect, seconds * 1000 * (0.75 + Math.random() / 4));
  };
  /**
   * @param {string} state
   * @param {string} text
   */
  const say = (state, text) => {
    sign.dataset.state = state;
    write(sign, text);
  };

  const connectIfSeen = () => {
    if (!document.hidden) return connect();
    clearTimeout(timer);
    source?.close();
    say("waiting", "resting, as nobody looks");
  };

  document.addEventListener("visibilitychange", () => {
    failures = 0;
    connectIfSeen();
  });
  window.addEventListener("online", connectIfSeen);
  connectIfSeen();
}
