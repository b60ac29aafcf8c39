/** The arguments of queue.declare: what they mean, and which are refused. */

import { type FieldTable, integerIn, sameField, typeName, valueText } from "./field-table.ts";
import { longestTime } from "./message.ts";
import { ProtocolError } from "./reply-codes.ts";

export interface QueueSettings {
  readonly type: "classic" | "quorum";
  readonly messageTimeToLive: number | undefined;
  readonly expires: number | undefined;
  readonly maxLength: number | undefined;
  readonly maxLengthBytes: number | undefined;
  readonly overflow: "drop-head" | "reject-publish" | "reject-publish-dlx";
  readonly deadLetterExchange: string | undefined;
  readonly deadLetterRoutingKey: string | undefined;
  readonly isDeadLetteredAtLeastOnce: boolean;
  readonly deliveryLimit: number | undefined;
  readonly hasSingleActiveConsumer: boolean;
}

/** What RabbitMQ compares when a queue is declared again. Others are of no consequence, to it neither. */
const compared = [
  "x-expires",
  "x-message-ttl",
  "x-dead-letter-exchange",
  "x-dead-letter-routing-key",
  "x-dead-letter-strategy",
  "x-max-length",
  "x-max-length-bytes",
  "x-max-in-memory-length",
  "x-max-in-memory-bytes",
  "x-max-priority",
  "x-overflow",
  "x-queue-mode",
  "x-queue-version",
  "x-single-active-consumer",
  "x-queue-type",
  "x-quorum-initial-group-size",
  "x-delivery-limit",
  "x-queue-leader-locator",
];

const notFor = {
  classic: [
    "x-delivery-limit",
    "x-dead-letter-strategy",
    "x-quorum-initial-group-size",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
  ],
  quorum: ["x-max-priority", "x-queue-mode", "x-queue-version"],
} as const;

/**
 * Reads the arguments. Throws PRECONDITION_FAILED where RabbitMQ does, and NOT_IMPLEMENTED for what RabbitMQ
 * has and this broker has not. `described` is `queue 'q' in vhost '/'`.
 */
export function readQueueArguments(values: FieldTable, described: string): QueueSettings {
  const invalid = (name: string, fault: string): ProtocolError =>
    new ProtocolError("PRECONDITION_FAILED", `invalid arg '${name}' for ${described}${fault}`);
  const integer = (name: string, minimum = 0): number | undefined => {
    const field = values.get(name);
    if (field === undefined) return undefined;
    const value = integerIn(field);
    if (value === undefined) throw invalid(name, `: "expected integer, got ${typeName(field)}"`);
    if (value < 0) throw invalid(name, `: {value_negative,${value}}`);
    if (value < minimum) throw invalid(name, `: {value_zero,${value}}`);
    if (value > longestTime) throw invalid(name, `: {value_too_large,${value}}`);
    return value;
  };
  const string = (name: string): string | undefined => {
    const field = values.get(name);
    if (field === undefined || field.type === "S") return field?.value;
    throw new ProtocolError(
      "PRECONDITION_FAILED",
      `invalid type '${typeName(field)}' for arg '${name}' in ${described}`,
    );
  };
  const oneOf = <Value extends string>(
    name: string,
    allowed: readonly Value[],
    fault: (value: string) => string,
  ): Value | undefined => {
    const field = values.get(name);
    if (field === undefined) return undefined;
    if (field.type !== "S") throw invalid(name, `: {unacceptable_type,${typeName(field)}}`);
    const known = allowed.find((value) => value === field.value);
    if (known === undefined) throw invalid(name, `: ${fault(field.value)}`);
    return known;
  };

  const type =
    oneOf(
      "x-queue-type",
      ["classic", "quorum", "stream"] as const,
      (value) => `"unsupported queue type '${value}'"`,
    ) ?? "classic";
  if (type === "stream") throw new ProtocolError("NOT_IMPLEMENTED", "queues of type stream");
  for (const name of notFor[type]) {
    if (values.has(name)) throw invalid(name, ` of queue type rabbit_${type}_queue`);
  }
  const priorities = integer("x-max-priority");
  if (priorities !== undefined) {
    if (priorities > 255) throw invalid("x-max-priority", `: {max_value_exceeded,${priorities}}`);
    throw new ProtocolError("NOT_IMPLEMENTED", "queues with x-max-priority");
  }
  oneOf("x-queue-mode", ["default", "lazy"], (value) => `"unsupported queue mode '${value}'"`);
  const version = integer("x-queue-version");
  if (version !== undefined && version !== 1 && version !== 2) {
    throw invalid("x-queue-version", `: "unsupported queue version '${version}'"`);
  }
  const single = values.get("x-single-active-consumer");
  if (single && single.type !== "t") {
    throw invalid("x-single-active-consumer", `: {unacceptable_type,${typeName(single)}}`);
  }
  const deadLetterExchange = string("x-dead-letter-exchange");
  const deadLetterRoutingKey = string("x-dead-letter-routing-key");
  if (deadLetterExchange === undefined && deadLetterRoutingKey !== undefined) {
    throw invalid("x-dead-letter-routing-key", ": routing_key_but_no_dlx_defined");
  }
  const overflow =
    oneOf(
      "x-overflow",
      ["drop-head", "reject-publish", "reject-publish-dlx"] as const,
      () => "invalid_overflow",
    ) ?? "drop-head";
  const strategy = oneOf(
    "x-dead-letter-strategy",
    ["at-most-once", "at-least-once"],
    () => "invalid_dlx_strategy",
  );
  const deliveryLimit = integerIn(values.get("x-delivery-limit"));
  return {
    type,
    messageTimeToLive: integer("x-message-ttl"),
    expires: integer("x-expires", 1),
    maxLength: integer("x-max-length"),
    maxLengthBytes: integer("x-max-length-bytes"),
    overflow,
    deadLetterExchange,
    deadLetterRoutingKey,
    // RabbitMQ falls back to at-most-once where the overflow behaviour would drop messages.
    isDeadLetteredAtLeastOnce: strategy === "at-least-once" && overflow === "reject-publish",
    deliveryLimit: deliveryLimit !== undefined && deliveryLimit >= 0 ? deliveryLimit : undefined,
    hasSingleActiveConsumer: single?.value === true,
  };
}

/** Throws PRECONDITION_FAILED unless both mean the same, as RabbitMQ compares them. */
export function checkQueueArguments(
  current: FieldTable,
  received: FieldTable,
  described: string,
): void {
  for (const name of compared) {
    checkArgument(name, current, received, described);
  }
}

export function checkArgument(
  name: string,
  current: FieldTable,
  received: FieldTable,
  described: string,
): void {
  const [old, wanted] = [current.get(name), received.get(name)];
  if (sameField(old, wanted)) return;
  // No type means classic.
  const known = [old, wanted].filter((field) => field !== undefined);
  if (name === "x-queue-type" && known.every(({ value }) => value === "classic")) return;
  const [first, second] =
    old && wanted ? [`'${valueText(wanted)}'`, `'${valueText(old)}'`] : [told(wanted), told(old)];
  throw new ProtocolError(
    "PRECONDITION_FAILED",
    `inequivalent arg '${name}' for ${described}: received ${first} but current is ${second}`,
  );

  function told(field: typeof old): string {
    return field ? `the value '${valueText(field)}' of type '${typeName(field)}'` : "none";
  }
}

/** The same for a property that is no argument. */
export function checkProperty(
  name: string,
  current: string | boolean,
  received: string | boolean,
  described: string,
): void {
  if (current === received) return;
  throw new ProtocolError(
    "PRECONDITION_FAILED",
    `inequivalent arg '${name}' for ${described}: received '${received}' but current is '${current}'`,
  );
}
