/**
 * A demonstration: `npm run play 13` runs it on your code. One reservation, seen from outside by two
 * clients: one sends commands, the other hears of them, goes away, and comes back.
 */

import { randomUUID } from "node:crypto";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { topologyFor } from "../06-publishing/topology.ts";
import { queueNames } from "../07-consuming/topology.ts";
import { startApi } from "./api.ts";
import { createClock } from "./clock.ts";
import { bookingSubscriber, composeReservationSystem, readModelSubscriber } from "./composition.ts";
import { row, title } from "./screen.ts";

const year = new Date().getUTCFullYear() + 1;
const own = `reservationId: "reservation-1"`;
const creation = `{
  reservationId: "reservation-1", hotelId: "seaview", guestId: "ada", roomType: double, guests: 2,
  stay: { arrival: "${year}-05-01", departure: "${year}-05-03" },
  pricePerNight: { amount: 12000, currency: "EUR" } }`;

await withInfrastructure(["postgres", "rabbitmq"], async (servers) => {
  const topology = topologyFor(servers.prefix);
  servers.registerExchanges(topology.exchange);
  servers.registerQueues(
    ...queueNames(topology, readModelSubscriber),
    ...queueNames(topology, bookingSubscriber),
  );
  const { databaseUrl, amqpUrl } = servers;
  const { now } = createClock();
  const system = await composeReservationSystem({ databaseUrl, amqpUrl, topology, now });
  try {
    const api = await startApi({ databaseUrl, amqpUrl, topology, system, now });
    try {
      await demonstrate(api.url);
    } finally {
      await api.close();
    }
  } finally {
    await system.stop();
  }
});

async function demonstrate(url: string): Promise<void> {
  title("Two clients of one reservation", "over HTTP");
  const create = { commandId: randomUUID(), waitForReadModel: true };
  row("create", await command(url, "createReservation", `input: ${creation}`, create));
  row("once more", `${await command(url, "createReservation", `input: ${creation}`, create)}`);
  row("", "the same id, the same answer: nothing was written");
  const late = { expectedVersion: 7 };
  row("confirm", await command(url, "confirmReservation", own, late));
  row("", "who has seen version 7 is told what there is");

  title("A subscriber goes away and comes back");
  const first = await eventsAfter(url, undefined, 1);
  row("hears", first.map(({ name }) => name).join(", "));
  row("", "and leaves, with a cursor");
  row("confirm", await command(url, "confirmReservation", own, {}));
  row("cancel", await command(url, "cancelReservation", `${own}, reason: "rain"`, {}));
  const rest = await eventsAfter(url, first.at(-1)?.cursor, 2);
  row("hears", rest.map(({ name }) => name).join(", "));
  row("", "what happened meanwhile, once each, and nothing that it knew");

  title("What is refused is an answer, what breaks is not told");
  row("confirm", await command(url, "confirmReservation", own, {}));
  row("page", await query(url, "{ reservations(first: 1000) { nodes { id } } }"));
  row("compare", await query(url, `{ comparison(reservationId: "reservation-1") { agree } }`));
}

/** Sends a command and answers what came of it, in a line. */
async function command(url: string, name: string, args: string, options: object): Promise<string> {
  const text = `mutation ($options: ReservationCommandOptions) { ${name}(${args}, options: $options) {
    __typename
    ... on CommandAccepted { version repeated reservation { status } }
    ... on CommandRefused { code }
    ... on Conflict { expected actual } } }`;
  return query(url, text, { options });
}

async function query(url: string, text: string, variables: object = {}): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: text, variables }),
  });
  const body = (await response.json()) as {
    readonly data?: Readonly<Record<string, object>> | null;
    readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
  };
  if (body.errors) return `refused: ${body.errors.map(({ extensions }) => extensions.code)}`;
  return Object.values(body.data ?? {})
    .flatMap((answer) => Object.entries(answer))
    .filter(([, value]) => value !== null)
    .map(([key, value]) => (key === "__typename" ? value : `${key} ${shown(value)}`))
    .join(" · ");
}

function shown(value: unknown): string {
  return typeof value === "object" ? Object.values(value ?? {}).join(" ") : String(value);
}

interface Told {
  readonly cursor: string;
  readonly name: string;
}

/** The next events, as a subscriber gets them. */
async function eventsAfter(
  url: string,
  after: string | undefined,
  count: number,
): Promise<readonly Told[]> {
  const text =
    "subscription ($after: Cursor) { events(after: $after) { cursor event { type version } } }";
  const search = new URLSearchParams({ query: text, variables: JSON.stringify({ after }) });
  const response = await fetch(`${url}/graphql?${search}`, {
    headers: { accept: "text/event-stream" },
  });
  const told: Told[] = [];
  let read = "";
  for await (const chunk of response.body ?? []) {
    read += Buffer.from(chunk as Uint8Array).toString();
    const blocks = read.split("\n\n");
    read = blocks.pop() ?? "";
    for (const [, json] of blocks.flatMap((block) => [...block.matchAll(/^data: (.+)$/gm)])) {
      const { cursor, event } = JSON.parse(json ?? "").data.events;
      told.push({ cursor, name: `v${event.version} ${event.type}` });
    }
    // Leaving the loop cancels the request: that is how a subscriber goes away.
    if (told.length >= count) break;
  }
  return told;
}
