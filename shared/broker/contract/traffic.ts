/** Sends and receives in the contract's tests: each call returns when the server has answered. */

import type { EventEmitter } from "node:events";
import type { Channel, ConfirmChannel, ConsumeMessage, Options } from "amqplib";

/** Publishes and waits for the confirm. Rejects when the server refuses the message. */
export function publish(
  channel: ConfirmChannel,
  exchange: string,
  key: string,
  content: string | Buffer,
  options?: Options.Publish,
): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish(exchange, key, Buffer.from(content), options, (error: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Puts messages into a queue, in this order. */
export async function send(
  channel: ConfirmChannel,
  queue: string,
  ...contents: readonly string[]
): Promise<void> {
  for (const content of contents) channel.sendToQueue(queue, Buffer.from(content));
  await channel.waitForConfirms();
}

/** Takes what is ready in the queue, in order. */
export async function drain(channel: Channel, queue: string): Promise<string[]> {
  const contents: string[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (message === false) return contents;
    contents.push(message.content.toString());
  }
}

/** How many messages of the queue are ready; those that a consumer holds are not. */
export async function readyIn(channel: Channel, queue: string): Promise<number> {
  return (await channel.checkQueue(queue)).messageCount;
}

export interface Deliveries {
  readonly consumerTag: string;
  /** All so far. Complete when a request to the same queue on the same channel was answered. */
  readonly arrived: readonly ConsumeMessage[];
  /** The next one that this function has not returned yet. */
  next(): Promise<ConsumeMessage>;
  /** The contents of the next ones. */
  texts(count: number): Promise<string[]>;
  /** Resolves when the server cancels the consumer. */
  readonly cancelled: Promise<void>;
}

/** Starts a consumer that hands its messages over as the test asks for them. */
export async function consume(
  channel: Channel,
  queue: string,
  options?: Options.Consume,
): Promise<Deliveries> {
  const arrived: ConsumeMessage[] = [];
  const waiting: ((message: ConsumeMessage) => void)[] = [];
  let taken = 0;
  let cancel = (): void => {};
  const cancelled = new Promise<void>((resolve) => {
    cancel = resolve;
  });
  const { consumerTag } = await channel.consume(
    queue,
    (message) => {
      if (message === null) return cancel();
      arrived.push(message);
      const taker = waiting.shift();
      if (taker) taker(message);
    },
    options,
  );
  const next = (): Promise<ConsumeMessage> => {
    const message = arrived[taken++];
    return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve));
  };
  return {
    consumerTag,
    arrived,
    next,
    async texts(count) {
      const messages: ConsumeMessage[] = [];
      while (messages.length < count) messages.push(await next());
      return textsOf(messages);
    },
    cancelled,
  };
}

export function textsOf(messages: readonly { readonly content: Buffer }[]): string[] {
  return messages.map(({ content }) => content.toString());
}

/** The error with which the server closes a channel or a connection. Ask before causing it. */
export function errorOf(emitter: EventEmitter): Promise<unknown> {
  return new Promise((resolve) => emitter.once("error", resolve));
}

/** Resolves when the channel or the connection is closed. Ask before causing it. */
export function closeOf(emitter: EventEmitter): Promise<void> {
  return new Promise((resolve) => emitter.once("close", () => resolve()));
}
