/** basic.publish, once the message is whole. */

import type { Channel } from "./channel.ts";
import type { Content } from "./content.ts";
import { newMessage } from "./message.ts";
import type { ArgumentsOf } from "./methods.ts";
import { ProtocolError } from "./reply-codes.ts";
import { exchangeText } from "./virtual-host.ts";

/**
 * Routes the message to its queues. False when one of them refused it. A message that no queue is there for
 * goes back to the client that asked for that (`mandatory`), before its confirm.
 */
export function publish(
  channel: Channel,
  { exchange: name, routingKey, mandatory, immediate }: ArgumentsOf<"basic.publish">,
  { octets, outline }: Content,
): boolean {
  const { host, connection } = channel;
  connection.publishes();
  if (immediate) throw new ProtocolError("NOT_IMPLEMENTED", "immediate=true");
  const exchange = host.exchange(name);
  if (exchange.internal) {
    throw new ProtocolError("ACCESS_REFUSED", `cannot publish to internal ${exchangeText(name)}`);
  }
  if (outline.userId !== undefined && outline.userId !== connection.user) {
    throw new ProtocolError(
      "PRECONDITION_FAILED",
      `user_id property set to '${outline.userId}' but authenticated user was '${connection.user}'`,
    );
  }
  const message = newMessage(name, routingKey, octets, outline);
  const queues = host.route(exchange, message);
  if (queues.length === 0 && mandatory) {
    const reply = { replyCode: 312, replyText: "NO_ROUTE", exchange: name, routingKey };
    channel.send("basic.return", reply, message);
  }
  let isAccepted = true;
  for (const queue of queues) {
    if (!queue.publish(message)) isAccepted = false;
  }
  return isAccepted;
}
