/** The methods of class basic, but for basic.publish. */

import { randomBytes } from "node:crypto";
import { type Channel, type Held, type MethodHandlers, takeBack } from "./channel.ts";
import type { Consumer } from "./consumer.ts";
import { integerIn, sortedTable, typeName } from "./field-table.ts";
import { headersOf, type Message, replaceHeaders } from "./message.ts";
import type { ArgumentsOf } from "./methods.ts";
import type { Queue } from "./queue.ts";
import { namedQueue } from "./queue-methods.ts";
import type { Entry } from "./ready-list.ts";
import { ProtocolError } from "./reply-codes.ts";
import { queueText } from "./virtual-host.ts";

export const basicMethods: MethodHandlers = {
  "basic.qos"(channel, { prefetchSize, prefetchCount, global }) {
    if (prefetchSize !== 0) {
      throw new ProtocolError("NOT_IMPLEMENTED", `prefetch_size!=0 (${prefetchSize})`);
    }
    if (global) channel.channelPrefetch = prefetchCount;
    else channel.prefetch = prefetchCount;
    channel.send("basic.qos-ok", {});
    channel.dispatch();
  },

  "basic.consume"(channel, values) {
    const queue = namedQueue(channel, values.queue);
    checkConsume(channel, queue, values);
    const tag = values.consumerTag || `amq.ctag-${randomBytes(16).toString("base64url")}`;
    const consumer = newConsumer(channel, queue, tag, values);
    channel.consumers.set(tag, consumer);
    queue.consumers.add(consumer);
    queue.used();
    if (!values.noWait) channel.send("basic.consume-ok", { consumerTag: tag });
    queue.dispatch();
  },

  "basic.cancel"(channel, { consumerTag, noWait }) {
    const consumer = channel.consumers.get(consumerTag);
    if (consumer) channel.stopConsumer(consumer);
    if (!noWait) channel.send("basic.cancel-ok", { consumerTag });
  },

  "basic.get"(channel, { queue: name, noAck }) {
    const queue = namedQueue(channel, name);
    const entry = queue.take();
    if (!entry) {
      channel.send("basic.get-empty", {});
      return;
    }
    const deliveryTag = channel.hold(noAck ? undefined : { entry, queue, consumer: undefined });
    const message = shown(entry, queue, "get");
    const { exchange, routingKey } = message;
    const { redelivered } = entry;
    const { messageCount } = queue;
    const values = { deliveryTag, redelivered, exchange, routingKey, messageCount };
    channel.send("basic.get-ok", values, message);
    if (noAck) queue.settle(entry);
  },

  "basic.ack"(channel, { deliveryTag, multiple }) {
    const all = channel.release(deliveryTag, multiple);
    for (const { queue, entry } of all) queue.settle(entry);
    released(channel, all);
  },

  "basic.nack"(channel, { deliveryTag, multiple, requeue }) {
    giveBack(channel, channel.release(deliveryTag, multiple), requeue);
  },

  "basic.reject"(channel, { deliveryTag, requeue }) {
    giveBack(channel, channel.release(deliveryTag, false), requeue);
  },

  "basic.recover"(channel, { requeue }) {
    recover(channel, requeue);
    channel.send("basic.recover-ok", {});
  },

  "basic.recover-async"(channel, { requeue }) {
    recover(channel, requeue);
  },
};

function checkConsume(
  channel: Channel,
  queue: Queue,
  { consumerTag, exclusive, arguments: values }: ArgumentsOf<"basic.consume">,
): void {
  const described = queueText(queue.name);
  if (channel.consumers.has(consumerTag)) {
    throw new ProtocolError("NOT_ALLOWED", `attempt to reuse consumer tag '${consumerTag}'`);
  }
  const { type, hasSingleActiveConsumer } = queue.settings;
  if (type === "quorum" && channel.channelPrefetch > 0) {
    throw new ProtocolError("NOT_IMPLEMENTED", `${described} does not support global qos`);
  }
  const priority = values.get("x-priority");
  if (priority && integerIn(priority) === undefined) {
    const fault = `"expected integer, got ${typeName(priority)}"`;
    throw new ProtocolError(
      "PRECONDITION_FAILED",
      `invalid arg 'x-priority' for ${described}: ${fault}`,
    );
  }
  const wantsItAlone = exclusive && (hasSingleActiveConsumer || queue.consumers.length > 0);
  if (wantsItAlone || queue.consumers.hasExclusive) {
    throw new ProtocolError("ACCESS_REFUSED", `${described} in exclusive use`);
  }
}

function newConsumer(
  channel: Channel,
  queue: Queue,
  tag: string,
  { noAck, exclusive, arguments: values }: ArgumentsOf<"basic.consume">,
): Consumer {
  const { prefetch, connection } = channel;
  const consumer: Consumer = {
    tag,
    queue,
    noAck,
    isExclusive: exclusive,
    priority: integerIn(values.get("x-priority")) ?? 0,
    prefetch,
    unacked: 0,
    isReady() {
      if (!connection.isWritable) return false;
      if (noAck) return true;
      const { channelPrefetch, heldByConsumers } = channel;
      if (channelPrefetch > 0 && heldByConsumers >= channelPrefetch) return false;
      return prefetch === 0 || consumer.unacked < prefetch;
    },
    deliver(entry) {
      const deliveryTag = channel.hold(noAck ? undefined : { entry, queue, consumer });
      const message = shown(entry, queue, "consumer");
      const { exchange, routingKey } = message;
      const { redelivered } = entry;
      const values = { consumerTag: tag, deliveryTag, redelivered, exchange, routingKey };
      channel.send("basic.deliver", values, message);
      if (noAck) queue.settle(entry);
    },
    cancelled() {
      channel.consumers.delete(tag);
      if (!connection.wantsCancelNotices) return;
      channel.send("basic.cancel", { consumerTag: tag, noWait: true });
    },
  };
  return consumer;
}

/** A quorum queue tells how often the message came back; never, only to those who get it one by one. */
function shown(
  { message, deliveryCount }: Entry,
  { settings }: Queue,
  by: "get" | "consumer",
): Message {
  if (settings.type !== "quorum" || (deliveryCount === 0 && by === "consumer")) return message;
  const headers = new Map(headersOf(message));
  headers.set("x-delivery-count", { type: "l", value: BigInt(deliveryCount) });
  return replaceHeaders(message, sortedTable(headers));
}

function giveBack(channel: Channel, all: readonly Held[], requeue: boolean): void {
  if (requeue) takeBack({ held: all, queues: [] }, "client");
  else for (const { queue, entry } of all) queue.reject(entry);
  released(channel, all);
}

function recover(channel: Channel, requeue: boolean): void {
  if (!requeue) throw new ProtocolError("NOT_IMPLEMENTED", "requeue=false");
  takeBack({ held: channel.release(0, true), queues: [] }, "client");
  channel.dispatch();
}

/** There is room for more now, by the consumer's limit or by the channel's. */
function released(channel: Channel, all: readonly Held[]): void {
  if (channel.channelPrefetch > 0) {
    channel.dispatch();
    return;
  }
  for (const { queue, consumer } of all) if (consumer) queue.dispatch();
}
