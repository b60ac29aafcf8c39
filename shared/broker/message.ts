/** A message: where it was published, its properties as octets, its body. Never changed, copied where need be. */

import { type FieldTable, textIn } from "./field-table.ts";
import { expirationIn, headersIn, type Outline, outlineOf, withHeaders } from "./properties.ts";
import { ProtocolError } from "./reply-codes.ts";

export interface Message {
  readonly exchange: string;
  /** As published. */
  readonly routingKey: string;
  /** Those of the header `CC`, which the message is routed by, too. */
  readonly carbonCopies: readonly string[];
  /** The properties' list, then the body. */
  readonly content: Buffer;
  readonly outline: Outline;
  /** Milliseconds that it may wait in a queue, by its own property. */
  readonly timeToLive: number | undefined;
}

/**
 * A message from what was received. `content` is kept, so it must be no slice of a larger buffer.
 * Throws PRECONDITION_FAILED for an expiration or carbon copies that make no sense.
 */
export function newMessage(
  exchange: string,
  routingKey: string,
  content: Buffer,
  outline: Outline,
): Message {
  const timeToLive = parseExpiration(expirationIn(content, outline));
  const message = { exchange, routingKey, carbonCopies: none, content, outline, timeToLive };
  // The name may stand anywhere in the list; without it there is no need to read the headers.
  const list = content.subarray(0, outline.end);
  return list.includes("CC", 0, "latin1") ? withCarbonCopies(message) : message;
}

const none: readonly string[] = [];

export function headersOf(message: Message): FieldTable {
  return headersIn(message.content, message.outline);
}

export function bodyLength(message: Message): number {
  return message.content.length - message.outline.end;
}

/** The message with other headers, and without its expiration if asked. */
export function replaceHeaders(
  message: Message,
  headers: FieldTable,
  expiration: "keep" | "drop" = "keep",
): Message {
  const list = withHeaders(message.content, message.outline, headers, expiration);
  const content = Buffer.concat([list, message.content.subarray(message.outline.end)]);
  const outline = outlineOf(content, 0, list.length);
  const timeToLive = expiration === "drop" ? undefined : message.timeToLive;
  return { ...message, content, outline, timeToLive };
}

export function expirationOf(message: Message): string | undefined {
  return expirationIn(message.content, message.outline);
}

function withCarbonCopies(message: Message): Message {
  const headers = headersOf(message);
  const carbonCopies = ["CC", "BCC"].flatMap((name) => {
    const field = headers.get(name);
    if (!field) return [];
    if (field.type === "A") return field.value.flatMap((element) => textIn(element) ?? []);
    throw new ProtocolError(
      "PRECONDITION_FAILED",
      `invalid message: {unacceptable_type_in_header,"${name}",${field.type === "S" ? "longstr" : "other"}}`,
    );
  });
  if (!headers.has("BCC")) return { ...message, carbonCopies };
  const visible = new Map(headers);
  visible.delete("BCC");
  return { ...replaceHeaders(message, visible), carbonCopies };
}

/** The longest time that RabbitMQ's timers take. */
export const longestTime = 4_294_967_295;

function parseExpiration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, rest = ""] = /^([+-]?\d+)(.*)$/s.exec(text) ?? [];
  const value = Number(digits);
  const fault =
    digits === undefined
      ? "no_integer"
      : rest !== ""
        ? `{leftover_string,"${rest}"}`
        : value < 0
          ? `{value_negative,${value}}`
          : value > longestTime
            ? `{value_too_large,${value}}`
            : undefined;
  if (fault === undefined) return value;
  throw new ProtocolError("PRECONDITION_FAILED", `invalid expiration '${text}': ${fault}`);
}
