/** What a channel does with a frame. */

import { basicMethods } from "./basic-methods.ts";
import type { Channel, MethodHandlers } from "./channel.ts";
import { IncomingContent } from "./content.ts";
import { exchangeMethods } from "./exchange-methods.ts";
import { frameType, snippet } from "./frame.ts";
import { type MethodName, methodId, readMethod } from "./methods.ts";
import { OctetReader } from "./octets.ts";
import { publish } from "./publishing.ts";
import { queueMethods } from "./queue-methods.ts";
import { ProtocolError } from "./reply-codes.ts";

const channelMethods: MethodHandlers = {
  "channel.open"() {
    throw new ProtocolError("CHANNEL_ERROR", "second 'channel.open' seen");
  },
  "channel.flow"(channel, { active }) {
    if (!active) throw new ProtocolError("NOT_IMPLEMENTED", "active=false");
    channel.send("channel.flow-ok", { active });
  },
  "confirm.select"(channel, { noWait }) {
    channel.isConfirming = true;
    if (!noWait) channel.send("confirm.select-ok", {});
  },
};

const handlers = new Map(
  Object.entries({ ...channelMethods, ...exchangeMethods, ...queueMethods, ...basicMethods }),
) as ReadonlyMap<string, (channel: Channel, values: unknown) => void>;

/** Takes a frame in. Throws a ProtocolError for what the client must not do. */
export function channelFrame(
  channel: Channel,
  type: number,
  buffer: Buffer,
  from: number,
  end: number,
): void {
  const { incoming } = channel;
  if (incoming) {
    const content = incoming.frame(type, buffer, from, end);
    if (!content) return;
    channel.incoming = undefined;
    channel.published(publish(channel, incoming.method, content));
    return;
  }
  if (type === frameType.heartbeat) {
    throw new ProtocolError("UNEXPECTED_FRAME", snippet(type, buffer.subarray(from, end)));
  }
  if (type !== frameType.method) {
    throw new ProtocolError(
      "UNEXPECTED_FRAME",
      "expected method frame, got non method frame instead",
    );
  }
  const method = readMethod(new OctetReader(buffer, from, end));
  channel.currentMethod = methodId(method.name);
  if (method.name === "basic.publish") {
    channel.incoming = new IncomingContent(method.arguments);
    return;
  }
  const handle = handlers.get(method.name);
  if (!handle) throw notHere(method.name);
  handle(channel, method.arguments);
}

function notHere(name: MethodName): ProtocolError {
  return name.startsWith("tx.")
    ? new ProtocolError("NOT_IMPLEMENTED", `${name}: no transactions`)
    : new ProtocolError("COMMAND_INVALID", "unimplemented method");
}
