/** A confirm channel without a broker: the test says what becomes of each message, and when. */

import { EventEmitter } from "node:events";
import type { Message, Options } from "amqplib";

export interface ScriptedMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
  readonly messageId: string;
  /** A queue took it, and the broker says so. */
  confirm(): void;
  /** The broker says no, as a full queue with `reject-publish` does. */
  refuse(): void;
  /** No queue wants it: a mandatory message comes back, and then it is confirmed all the same. */
  giveBack(): void;
}

export class ScriptedChannel extends EventEmitter {
  /** Everything that was published, in that order. */
  readonly published: ScriptedMessage[] = [];
  /** What a queue has, in the order of the confirms: what subscribers would see. */
  readonly queued: ScriptedMessage[] = [];
  readonly #onPublish: (message: ScriptedMessage) => void;

  /** `onPublish` may settle the message; by default it stays unsettled until the test does. */
  constructor(onPublish: (message: ScriptedMessage) => void = () => {}) {
    super();
    this.#onPublish = onPublish;
  }

  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: Options.Publish = {},
    callback: (error: unknown, ok: Record<never, never>) => void = () => {},
  ): boolean {
    const messageId = String(options.messageId);
    const message: ScriptedMessage = {
      exchange,
      routingKey,
      content,
      options,
      messageId,
      confirm: () => {
        this.queued.push(message);
        callback(null, {});
      },
      refuse: () => callback(new Error("message nacked"), {}),
      giveBack: () => {
        if (options.mandatory === true) this.emit("return", returned(message));
        callback(null, {});
      },
    };
    this.published.push(message);
    this.#onPublish(message);
    return true;
  }
}

/** A broker that confirms everything, a moment later. */
export function confirmingChannel(): ScriptedChannel {
  return new ScriptedChannel((message) => queueMicrotask(message.confirm));
}

function returned({ exchange, routingKey, content, options }: ScriptedMessage): Message {
  return {
    content,
    fields: { exchange, routingKey } as Message["fields"],
    properties: { ...options, headers: {} } as Message["properties"],
  };
}
