/**
 * `npm run demo -- --roles api,relay*2,projector*2,saga`: each role a process of its own, a reservation's life
 * through all of them, and who did what. Given.
 */

import { currentRun, onInterruption } from "../../shared/infrastructure/run.ts";
import type { Infrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { topologyFor } from "../06-publishing/topology.ts";
import { queueNames } from "../07-consuming/topology.ts";
import { bookingSubscriber, readModelSubscriber } from "./parts.ts";
import { type RoleCounts, startRoles } from "./roles.ts";
import { heading, row, title } from "./screen.ts";
import { within } from "./time-limit.ts";

export interface RolesDemo {
  readonly counts: RoleCounts;
  /** Goes on until Ctrl-C. */
  readonly serves: boolean;
  /** Of the first API. */
  readonly port: number | undefined;
}

/** @throws TimeLimitExceeded when a role does not come up */
export async function demonstrateRoles(
  servers: Infrastructure,
  { counts, serves, port = 0 }: RolesDemo,
): Promise<void> {
  heading(`Reservation demo · ${servers.postgres.label} · ${servers.rabbitmq.label}`);
  const { databaseUrl, amqpUrl, prefix } = servers;
  const topology = topologyFor(prefix);
  servers.registerExchanges(topology.exchange);
  for (const name of [readModelSubscriber, bookingSubscriber]) {
    servers.registerQueues(...queueNames(topology, name));
  }
  const run = await currentRun();
  const onLine = (name: string, line: string): void => row(name, line);
  const fleet = startRoles({
    ...{ run, counts, databaseUrl, amqpUrl, topology, port, onLine },
    tells: true,
  });
  const interrupted = new Promise<void>((resolve) => {
    onInterruption(async () => {
      title("Ending", "first who takes work in");
      await fleet.stop();
      resolve();
    });
  });
  try {
    title("Processes", "kill one, and see it start anew");
    const urls = await within(60_000, "The roles are not ready", fleet.ready());
    for (const [index, member] of fleet.members.entries()) {
      row(member.name, `process ${member.pid()}${urls[index] ? `, ${urls[index]}/graphql` : ""}`);
    }
    const [url] = urls.filter((each) => each !== "");
    if (url !== undefined) await liveOf(url);
    if (serves) {
      title("Serving", "Ctrl-C ends it");
      await interrupted;
    }
  } finally {
    await fleet.stop();
  }
}

/** Creates, confirms, asks, cancels, each through the API; `comparison` replays the events. */
async function liveOf(url: string): Promise<void> {
  const reservationId = "reservation-1";
  title(`The life of ${reservationId}`, "who did what");
  const year = new Date().getUTCFullYear() + 1;
  const stay = `{ arrival: "${year}-05-01", departure: "${year}-05-03" }`;
  const what = "__typename ... on CommandAccepted { version events reservation { status } }";
  const options = "options: { waitForReadModel: true }";
  await ask(
    url,
    `mutation { createReservation(input: { reservationId: "${reservationId}", hotelId: "seaview", guestId: "ada",
       roomType: double, guests: 2, stay: ${stay}, pricePerNight: { amount: 12000, currency: "EUR" } }, ${options}) { ${what} } }`,
  );
  await ask(
    url,
    `mutation { confirmReservation(reservationId: "${reservationId}", ${options}) { ${what} } }`,
  );
  await ask(
    url,
    `mutation { cancelReservation(reservationId: "${reservationId}", reason: "plans changed", ${options}) { ${what} } }`,
  );
  await ask(
    url,
    `{ comparison(reservationId: "${reservationId}") { agree rowVersion storeVersion row { status } } }`,
  );
}

async function ask(url: string, query: string): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data?: object; errors?: unknown };
  const [answer] = Object.values(data ?? {});
  row("answer", JSON.stringify(answer ?? errors));
}
