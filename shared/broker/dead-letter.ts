/** Dead-lettering: what a message is told of its death in the header `x-death`, and where it goes. */

import { type Field, type FieldTable, integerIn, sortedTable, textIn } from "./field-table.ts";
import { expirationOf, headersOf, type Message, replaceHeaders } from "./message.ts";
import type { Queue } from "./queue.ts";

export type DeathReason = "rejected" | "expired" | "maxlen" | "delivery_limit";

/** The message as it goes on from the queue where it died. */
export function deadMessage(
  message: Message,
  queue: string,
  reason: DeathReason,
  exchange: string,
  routingKey: string | undefined,
): Message {
  const headers = new Map(headersOf(message));
  const deaths = deathsIn(headers);
  const known = deaths.find((death) => isOf(death, queue, reason));
  const others = deaths.filter((other) => other !== known);
  if (!headers.has("x-death")) {
    headers.set("x-first-death-exchange", text(message.exchange));
    headers.set("x-first-death-queue", text(queue));
    headers.set("x-first-death-reason", text(reason));
  }
  const latest = known ? again(known) : firstDeath(message, queue, reason);
  const death = headers.has("x-death") ? sortedTable(latest) : latest;
  headers.set("x-death", {
    type: "A",
    value: [death, ...others].map((value) => ({ type: "F", value })),
  });
  if (routingKey !== undefined) headers.delete("CC");
  return {
    ...replaceHeaders(message, sortedTable(headers), "drop"),
    exchange,
    routingKey: routingKey ?? message.routingKey,
    carbonCopies: routingKey === undefined ? message.carbonCopies : [],
  };
}

/**
 * Whether the queue was on the message's way already, without a client's reject on the round since then: RabbitMQ
 * drops a message there, which nobody could stop otherwise.
 */
export function isCycle(message: Message, queue: Queue): boolean {
  const deaths = deathsIn(headersOf(message));
  const last = deaths.findIndex((death) => textIn(death.get("queue")) === queue.name);
  if (last === -1) return false;
  const round = deaths.slice(0, last + 1);
  return round.every((death) => textIn(death.get("reason")) !== "rejected");
}

function deathsIn(headers: FieldTable): readonly FieldTable[] {
  const field = headers.get("x-death");
  if (field?.type !== "A") return [];
  return field.value.flatMap((death) => (death.type === "F" ? [death.value] : []));
}

function isOf(death: FieldTable, queue: string, reason: DeathReason): boolean {
  return textIn(death.get("queue")) === queue && textIn(death.get("reason")) === reason;
}

function again(death: FieldTable): FieldTable {
  // A client that publishes the message again may have written the count as another type of integer.
  const before = integerIn(death.get("count")) ?? 0;
  return new Map(death).set("count", { type: "l", value: BigInt(before) + 1n });
}

function firstDeath(message: Message, queue: string, reason: DeathReason): FieldTable {
  const routingKeys = [message.routingKey, ...message.carbonCopies].map(text);
  const expiration = expirationOf(message);
  return new Map<string, Field>([
    ["count", { type: "l", value: 1n }],
    ["reason", text(reason)],
    ["queue", text(queue)],
    ["time", { type: "T", value: BigInt(Math.floor(Date.now() / 1000)) }],
    ["exchange", text(message.exchange)],
    ["routing-keys", { type: "A", value: routingKeys }],
    ...(expiration === undefined ? [] : [["original-expiration", text(expiration)] as const]),
  ]);
}

function text(value: string): Field {
  return { type: "S", value };
}
