/** `npm run demo -- --trace`: one request of a client, from the mutation to the last projection, as a tree. Given. */

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { treeOf } from "../../shared/api/trace-tree.ts";
import type { Tracing } from "../../shared/api/tracing.ts";
import { startApi } from "./api.ts";
import type { DemoClock } from "./clock.ts";
import type { ReservationSystem } from "./composition.ts";
import type { Servers } from "./parts.ts";
import { row, title } from "./screen.ts";
import { within } from "./time-limit.ts";
import type { Watch } from "./watch.ts";

const limit = 10_000;

/** @throws TimeLimitExceeded when the trace does not come to its end */
export async function showTrace(
  system: ReservationSystem,
  servers: Servers,
  clock: DemoClock,
  watch: Watch,
  tracing: Tracing,
): Promise<void> {
  const api = await startApi({ ...servers, system, now: clock.now, watch });
  try {
    const traceId = randomBytes(16).toString("hex");
    title(`9  trace ${traceId}`, "began, and took");
    const correlationId = await book(api.url, traceId);
    const isWhole = async (): Promise<void> => {
      while (!isComplete(tracing, correlationId)) await delay(10);
    };
    await within(limit, "The trace is not whole", isWhole());
    for (const { text, begin, milliseconds } of treeOf(tracing.spansOf(correlationId))) {
      row(`${begin.toFixed(1)} ms`, text, milliseconds);
    }
  } finally {
    await api.close();
    // What is served afterwards would be remembered for ever.
    await tracing.stop();
  }
}

/** Creates a reservation and books it, both in the name of one trace; answers its correlation id. */
async function book(url: string, traceId: string): Promise<string> {
  const reservationId = `reservation-${randomBytes(2).toString("hex")}`;
  const year = new Date().getUTCFullYear() + 1;
  const create = `mutation { createReservation(input: {
    reservationId: "${reservationId}", hotelId: "lakeside", guestId: "ben", roomType: double, guests: 2,
    stay: { arrival: "${year}-06-01", departure: "${year}-06-03" },
    pricePerNight: { amount: 12000, currency: "EUR" } }) { __typename } }`;
  const request = `mutation { requestBooking(input: { reservationId: "${reservationId}" }) { __typename } }`;
  let correlationId = "";
  for (const query of [create, request]) {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        // What a browser, a gateway or another service sends along.
        traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01`,
      },
      body: JSON.stringify({ query }),
    });
    await response.text();
    correlationId = response.headers.get("x-correlation-id") ?? "";
  }
  return correlationId;
}

/** The booking is complete, and each event was published, projected and heard. */
function isComplete(tracing: Tracing, correlationId: string): boolean {
  const names = tracing.spansOf(correlationId).map(({ name }) => name);
  const count = (isOne: (name: string) => boolean): number => names.filter(isOne).length;
  const events = count((name) => name.includes(" · "));
  return (
    names.some((name) => name.startsWith("BookingCompleted")) &&
    ["published", "projected", "heard"].every((place) => count((name) => name === place) >= events)
  );
}
