/** Exchanges and what is bound to them. */

import { type FieldTable, sameField, textIn, typeName, valueText } from "./field-table.ts";
import { headersOf, type Message } from "./message.ts";
import type { Queue } from "./queue.ts";
import { ProtocolError } from "./reply-codes.ts";
import { matchesTopic } from "./topic.ts";

export const exchangeTypes = ["direct", "fanout", "topic", "headers"] as const;
export type ExchangeType = (typeof exchangeTypes)[number];

export interface ExchangeDeclaration {
  readonly type: ExchangeType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

export interface Exchange extends ExchangeDeclaration {
  readonly name: string;
  readonly bindings: Binding[];
  /** Where messages of a routing key go, as long as no binding anywhere has changed. */
  readonly routes: Map<string, readonly Queue[]>;
}

export interface Binding {
  readonly destination: Queue | Exchange;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

export function newExchange(name: string, declaration: ExchangeDeclaration): Exchange {
  return { name, ...declaration, bindings: [], routes: new Map() };
}

export function findBinding(exchange: Exchange, wanted: Binding): Binding | undefined {
  return exchange.bindings.find(
    (binding) =>
      binding.destination === wanted.destination &&
      binding.routingKey === wanted.routingKey &&
      sameTable(binding.arguments, wanted.arguments),
  );
}

function sameTable(left: FieldTable, right: FieldTable): boolean {
  return (
    left.size === right.size && [...left].every(([key, field]) => sameField(field, right.get(key)))
  );
}

/** Refuses binding arguments that the exchange cannot make sense of. */
export function checkBinding(exchange: Exchange, values: FieldTable): void {
  if (exchange.type !== "headers") return;
  const match = values.get("x-match");
  if (match === undefined) return;
  if (match.type !== "S") {
    throw new ProtocolError(
      "PRECONDITION_FAILED",
      `Invalid x-match field type ${typeName(match)} (value ${valueText(match)}); expected longstr`,
    );
  }
  if (!["all", "any", "all-with-x", "any-with-x"].includes(match.value)) {
    throw new ProtocolError(
      "PRECONDITION_FAILED",
      `Invalid x-match field value <<"${match.value}">>; expected all, any, all-with-x, or any-with-x`,
    );
  }
}

/** The destinations of the bindings that match. */
export function destinationsOf(
  exchange: Exchange,
  routingKeys: readonly string[],
  message: Message,
): readonly (Queue | Exchange)[] {
  const { bindings } = exchange;
  const matching = bindings.filter(matcherOf(exchange.type, routingKeys, message));
  return matching.map(({ destination }) => destination);
}

function matcherOf(
  type: ExchangeType,
  keys: readonly string[],
  message: Message,
): (binding: Binding) => boolean {
  switch (type) {
    case "fanout":
      return () => true;
    case "direct":
      return ({ routingKey }) => keys.includes(routingKey);
    case "topic":
      return ({ routingKey }) => keys.some((key) => matchesTopic(routingKey, key));
    case "headers": {
      const headers = headersOf(message);
      return (binding) => matchesHeaders(binding.arguments, headers);
    }
  }
}

function matchesHeaders(wanted: FieldTable, headers: FieldTable): boolean {
  const match = textIn(wanted.get("x-match")) ?? "all";
  const isWanted = (name: string): boolean =>
    match.endsWith("-with-x") ? name !== "x-match" : !name.startsWith("x-");
  const entries = [...wanted].filter(([name]) => isWanted(name));
  const isThere = ([name, field]: (typeof entries)[number]): boolean =>
    field.type === "V" ? headers.has(name) : sameField(field, headers.get(name));
  return match.startsWith("any") ? entries.some(isThere) : entries.every(isThere);
}
