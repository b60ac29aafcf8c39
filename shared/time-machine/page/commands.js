/** The two forms: create a reservation, and change the one that is open. */

import { find, write } from "./dom.js";
import { inWords, Problem, send } from "./server.js";
import { newestState, openStream, openStreamId } from "./timeline.js";

/** @import { CommandAnswer } from "./server.js" */

const create = find("#create", HTMLFormElement);
const change = find("#change", HTMLFormElement);

export function startCommands() {
  const soon = new Date(Date.now() + 60 * 24 * 3_600_000).toISOString().slice(0, 10);
  find('[name="arrival"]', HTMLInputElement, create).value = soon;
  create.addEventListener("submit", (event) => {
    event.preventDefault();
    void tell(create, async () => {
      const given = await send("createReservation", {
        input: reservationInput(),
        options: { waitForReadModel: true },
      });
      if (given.__typename === "CommandAccepted") await openStream(given.streamId);
      return inWords(given);
    });
  });
  change.addEventListener("submit", (event) => event.preventDefault());
  for (const button of change.querySelectorAll("button")) {
    button.addEventListener(
      "click",
      () => void tell(change, async () => inWords(await sendTo(button))),
    );
  }
}

/** @param {HTMLElement} button */
function sendTo(button) {
  const reservationId = openReservation();
  const waits = find('[name="wait"]', HTMLInputElement, change).checked;
  const options = { waitForReadModel: waits };
  switch (button.dataset.command) {
    case "confirm":
      return send("confirmReservation", { reservationId, options });
    case "change":
      return send("changeStay", { reservationId, stay: oneNightMore(), options });
    default: {
      const reason = find('[name="reason"]', HTMLInputElement, change).value;
      return send("cancelReservation", { reservationId, reason, options });
    }
  }
}

/** @returns {string} */
export function openReservation() {
  const id = openStreamId();
  if (id.startsWith("reservation-")) return id;
  throw new Problem("Open the stream of a reservation first, or create one.");
}

/** The stay of the open reservation, as the events that are seen have it, and a night longer. */
export function oneNightMore() {
  const { stay } = /** @type {{ stay?: { arrival: string, departure: string } }} */ (newestState());
  if (!stay) throw new Problem("This reservation has no stay.");
  return { arrival: stay.arrival, departure: daysAfter(stay.departure, 1) };
}

function reservationInput() {
  const text = (/** @type {string} */ name) =>
    find(`[name="${name}"]`, HTMLInputElement, create).value;
  const arrival = text("arrival");
  return {
    reservationId: newReservationId(),
    guestId: text("guestId"),
    hotelId: text("hotelId"),
    roomType: find('[name="roomType"]', HTMLSelectElement, create).value,
    guests: Number(text("guests")),
    stay: { arrival, departure: daysAfter(arrival, Number(text("nights"))) },
    pricePerNight: { amount: 12_000, currency: "EUR" },
  };
}

/** Short, as it is to be read. The server would choose a longer one. */
export function newReservationId() {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return `reservation-${number.toString(16).padStart(8, "0")}`;
}

/**
 * Calendar dates, counted without any time zone.
 *
 * @param {string} date
 * @param {number} days
 */
export function daysAfter(date, days) {
  const time = Date.parse(`${date}T00:00:00Z`) + days * 24 * 3_600_000;
  return new Date(time).toISOString().slice(0, 10);
}

/**
 * Says in the form's output what comes of it, and takes no second click meanwhile.
 *
 * @param {HTMLElement} card
 * @param {() => Promise<string>} work
 */
export async function tell(card, work) {
  const output = find("output", HTMLOutputElement, card);
  if (card.ariaBusy === "true") return;
  card.ariaBusy = "true";
  try {
    write(output, "");
    const text = await work();
    output.dataset.state = "good";
    write(output, text);
  } catch (error) {
    output.dataset.state = "bad";
    write(output, error instanceof Problem ? error.message : `Something went wrong here: ${error}`);
  } finally {
    card.ariaBusy = "false";
  }
}
