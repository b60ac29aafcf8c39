/** The methods of class queue. */

import type { Channel, MethodHandlers } from "./channel.ts";
import { refuseDefault } from "./exchange-methods.ts";
import type { Queue } from "./queue.ts";
import { ProtocolError } from "./reply-codes.ts";
import { queueText } from "./virtual-host.ts";

export const queueMethods: MethodHandlers = {
  "queue.declare"(channel, values) {
    const queue = values.passive
      ? usedQueue(channel, values.queue)
      : declare(channel, values.queue, {
          durable: values.durable,
          autoDelete: values.autoDelete,
          owner: values.exclusive ? channel.connection : undefined,
          arguments: values.arguments,
        });
    channel.lastQueue = queue.name;
    if (values.noWait) return;
    channel.send("queue.declare-ok", {
      queue: queue.name,
      messageCount: queue.messageCount,
      consumerCount: queue.consumers.length,
    });
  },

  "queue.bind"(channel, values) {
    const { host } = channel;
    const { queue: name, exchange: source, arguments: bindingArguments, noWait } = values;
    const routingKey = routingKeyFor(channel, values);
    refuseDefault(source);
    const exchange = host.exchange(source);
    const destination = namedQueue(channel, name);
    host.bind(exchange, { destination, routingKey, arguments: bindingArguments });
    if (!noWait) channel.send("queue.bind-ok", {});
  },

  "queue.unbind"(channel, values) {
    const { host } = channel;
    const routingKey = routingKeyFor(channel, values);
    refuseDefault(values.exchange);
    const exchange = host.exchanges.get(values.exchange);
    // What is not there is not bound.
    const destination = host.queues.has(fullName(channel, values.queue))
      ? namedQueue(channel, values.queue)
      : undefined;
    if (exchange && destination) {
      host.unbind(exchange, { destination, routingKey, arguments: values.arguments });
    }
    channel.send("queue.unbind-ok", {});
  },

  "queue.purge"(channel, { queue: name, noWait }) {
    const messageCount = namedQueue(channel, name).purge();
    if (!noWait) channel.send("queue.purge-ok", { messageCount });
  },

  "queue.delete"(channel, { queue: name, ifUnused, ifEmpty, noWait }) {
    let messageCount = 0;
    // To delete what is not there is no error.
    if (channel.host.queues.has(fullName(channel, name))) {
      const queue = namedQueue(channel, name);
      if (ifUnused && queue.consumers.length > 0) throw unfit(queue, "in use");
      if (ifEmpty && queue.messageCount > 0) throw unfit(queue, "not empty");
      messageCount = channel.host.deleteQueue(queue);
    }
    if (!noWait) channel.send("queue.delete-ok", { messageCount });
  },
};

/** The queue of this name, which the client may use. An empty name means the last that it declared. */
export function namedQueue(channel: Channel, name: string): Queue {
  const full = fullName(channel, name);
  if (full === "amq.rabbitmq.reply-to")
    throw new ProtocolError("NOT_IMPLEMENTED", "direct reply-to");
  return channel.host.queue(full, channel.connection);
}

function fullName(channel: Channel, name: string): string {
  if (name !== "") return name;
  if (channel.lastQueue !== "") return channel.lastQueue;
  throw new ProtocolError("NOT_FOUND", "no previously declared queue");
}

function usedQueue(channel: Channel, name: string): Queue {
  const queue = namedQueue(channel, name);
  queue.used();
  return queue;
}

function declare(
  channel: Channel,
  name: string,
  declaration: Parameters<Channel["host"]["declareQueue"]>[1],
): Queue {
  if (name.startsWith("amq.") && !channel.host.queues.has(name)) {
    throw new ProtocolError(
      "ACCESS_REFUSED",
      `queue name '${name}' contains reserved prefix 'amq.*'`,
    );
  }
  return channel.host.declareQueue(name, declaration);
}

/** Without any name, the routing key is the queue's. */
function routingKeyFor(
  channel: Channel,
  { queue, routingKey }: { readonly queue: string; readonly routingKey: string },
): string {
  return queue === "" && routingKey === "" ? fullName(channel, queue) : routingKey;
}

function unfit(queue: Queue, why: string): ProtocolError {
  return new ProtocolError("PRECONDITION_FAILED", `${queueText(queue.name)} ${why}`);
}
