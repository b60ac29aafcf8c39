/** What the cards' buttons do, and what is said afterwards: one function for each. */

import { daysAfter, newReservationId, oneNightMore, openReservation, tell } from "./commands.js";
import { counted, find } from "./dom.js";
import { inWords, lab, send } from "./server.js";
import { openStream, openStreamId, seenVersion } from "./timeline.js";
import { judgeSettled } from "./verdict.js";

/** @import { Progress } from "./live.js" */

/**
 * @typedef {{ readonly streamId: string, readonly version: number, readonly type: string,
 *   readonly deliveries: number }} Delivered
 * @typedef {{ readonly streamId: string, readonly parked: readonly { readonly error: string }[] }} Poisoned
 * @typedef {{ readonly from: number, readonly to: number, readonly events: number, readonly milliseconds: number,
 *   readonly reads: number, readonly failedReads: number, readonly slowestRead: number }} Rebuilt
 * @typedef {{ readonly streamId: string, readonly version: number, readonly withSnapshot: number,
 *   readonly without: number, readonly dropped: number, readonly sameState: boolean }} LoadTimes
 */

/** @type {Readonly<Record<string, () => Promise<string>>>} */
const experiments = {
  async "say-no"() {
    const arrival = daysFromNow(90);
    const stay = { arrival, departure: arrival };
    return inWords(
      await send("createReservation", { input: reservationOf("ada", "seaview", stay) }),
    );
  },
  async conflict() {
    const reservationId = openReservation();
    const options = { expectedVersion: seenVersion() };
    const stay = oneNightMore();
    const cancel = { reservationId, reason: "somebody else was faster", options };
    const answers = await Promise.all([
      send("changeStay", { reservationId, stay, options }),
      send("cancelReservation", cancel),
    ]);
    return answers.map((given, index) => `${index + 1}. ${inWords(given)}`).join("\n");
  },
  async "same-command"() {
    const reservationId = openReservation();
    const options = { commandId: crypto.randomUUID() };
    const variables = { reservationId, stay: oneNightMore(), options };
    const first = await send("changeStay", variables);
    const second = await send("changeStay", variables);
    return `1. ${inWords(first)}\n2. ${inWords(second)}`;
  },
  async "kill-relay"() {
    /** @type {Delivered} */
    const { streamId, version, type, deliveries } = await lab("kill-relay");
    await openStream(streamId);
    return `${type} of ${streamId} was published, and its checkpoint never written. The next relay began where the checkpoint was: version ${version} was delivered ${deliveries} times.`;
  },
  async "cut-broker"() {
    await lab("cut-broker");
    return "Cut off. Send commands: they are stored, and wait at the relay.";
  },
  async "join-broker"() {
    await lab("join-broker");
    return "Joined again. Relay and projector come back by themselves, within seconds.";
  },
  async poison() {
    /** @type {Poisoned} */
    const { streamId, parked } = await lab("poison");
    await openStream(streamId);
    return `Parked at the first attempt, as trying again does not help. ${parked.at(-1)?.error ?? ""} The row of ${streamId} is a version behind.`;
  },
  async "send-back"() {
    /** @type {{ readonly sentBack: number }} */
    const { sentBack } = await lab("send-back");
    return sentBack === 0 ? "Nothing is parked." : `The code is mended, and ${sentBack} sent back.`;
  },
  async "deliver-twice"() {
    /** @type {Delivered} */
    const { streamId, version, type, deliveries } = await lab("deliver-twice", {
      streamId: openStreamId(),
    });
    return `${type}, version ${version} of ${streamId}, was delivered once more, ${deliveries} times in all. It was skipped.`;
  },
  async pause() {
    await lab("pause");
    return "Paused. Send commands, and see the queue fill.";
  },
  async resume() {
    await lab("resume");
    return "Resumed.";
  },
  async rebuild() {
    /** @type {Rebuilt} */
    const { from, to, events, milliseconds, reads, failedReads, slowestRead } =
      await lab("rebuild");
    return `Version ${to} of the projection has taken the place of version ${from}: ${counted(events)} events in ${milliseconds} ms. Meanwhile ${counted(reads)} reads, ${failedReads} failed, the slowest took ${slowestRead} ms.`;
  },
  async fill() {
    /** @type {{ readonly reservations: number, readonly milliseconds: number }} */
    const { reservations, milliseconds } = await lab("fill", { reservations: 100 });
    return `${reservations} reservations created and confirmed in ${milliseconds} ms.`;
  },
  async "drop-snapshots"() {
    /** @type {LoadTimes} */
    const { streamId, version, withSnapshot, without, dropped, sameState } =
      await lab("drop-snapshots");
    await openStream(streamId);
    const same = sameState ? "The state is the same." : "The state is another one!";
    return `${dropped} dropped. Version ${version} of ${streamId} was loaded in ${ms(withSnapshot)} with its snapshot, and in ${ms(without)} from its first event. ${same}`;
  },
  async "old-events"() {
    await openStream("reservation-1");
    if (openStreamId() !== "reservation-1") return "There is none here.";
    find("#timeline", HTMLElement).scrollIntoView();
    return "reservation-1 is open in the timeline. Go to its first version.";
  },
  book: () => book({ credit: 1_000_000, rooms: 500 }),
  "book-in-vain": () => book({ credit: 100, rooms: 500 }),
};

/** @param {Progress} progress */
export function showProgress({ done, total }) {
  const bar = find("#rebuild progress", HTMLProgressElement);
  bar.hidden = false;
  bar.max = Math.max(1, total);
  bar.value = done;
}

export function startExperiments() {
  for (const button of document.querySelectorAll("[data-do]")) {
    const card = button.closest("article");
    const experiment = experiments[button.getAttribute("data-do") ?? ""];
    if (!card || !experiment) throw new Error(`Nothing is behind ${button.textContent}.`);
    button.addEventListener("click", () => {
      void tell(card, async () => `${await experiment()}\n${await judgeSettled()}`);
    });
  }
}

/**
 * @param {{ readonly credit: number, readonly rooms: number }} options
 */
async function book({ credit, rooms }) {
  const name = `${credit < 1_000 ? "poor" : "rich"}-guest`;
  const hotelId = "page-hotel";
  await send("openHotel", { hotelId, rooms: { single: rooms, double: rooms, suite: rooms } });
  await send("registerGuest", { guestId: name, credit: { amount: credit, currency: "EUR" } });
  const stay = { arrival: daysFromNow(90), departure: daysFromNow(92) };
  const created = await send("createReservation", { input: reservationOf(name, hotelId, stay) });
  if (created.__typename !== "CommandAccepted") return inWords(created);
  const reservationId = created.streamId;
  const requested = await send("requestBooking", { input: { reservationId } });
  if (requested.__typename !== "CommandAccepted") return inWords(requested);
  await openStream(`booking-${reservationId}`);
  return `Requested: booking-${reservationId} is open in the timeline, and goes on by itself.`;
}

/**
 * @param {string} guestId
 * @param {string} hotelId
 * @param {{ readonly arrival: string, readonly departure: string }} stay
 */
function reservationOf(guestId, hotelId, stay) {
  const pricePerNight = { amount: 12_000, currency: "EUR" };
  return {
    reservationId: newReservationId(),
    hotelId,
    guestId,
    roomType: "double",
    guests: 2,
    stay,
    pricePerNight,
  };
}

/** @param {number} days */
function daysFromNow(days) {
  return daysAfter(new Date().toISOString().slice(0, 10), days);
}

/** @param {number} milliseconds */
function ms(milliseconds) {
  return `${milliseconds.toFixed(1)} ms`;
}
