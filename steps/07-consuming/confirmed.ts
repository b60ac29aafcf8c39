/** Small things that the broker's client leaves to its user. Given. */

import type { Channel, ChannelModel, ConfirmChannel, Message, Options } from "amqplib";

/** The broker could not put the message into the queue: there is none of that name. */
export class QueueMissing extends Error {
  override readonly name = "QueueMissing";
  readonly queue: string;

  constructor(queue: string) {
    super(
      `There is no queue ${queue}: the message was not sent. Start its subscriber, then try again.`,
    );
    this.queue = queue;
  }
}

/**
 * Resolves when the broker has the message safely in the queue, on disk.
 * @throws QueueMissing, or what the client reports when the broker refuses or the channel is lost
 */
export function sendConfirmed(
  channel: ConfirmChannel,
  queue: string,
  content: Buffer,
  options: Options.Publish,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A message without a queue is returned first and then confirmed all the same.
    const onReturn = (returned: Message): void => {
      if (returned.fields.routingKey === queue) reject(new QueueMissing(queue));
    };
    channel.on("return", onReturn);
    const all = { ...options, persistent: true, mandatory: true };
    try {
      channel.sendToQueue(queue, content, all, (error: unknown) => {
        channel.off("return", onReturn);
        if (error) reject(error);
        else resolve();
      });
    } catch (error) {
      channel.off("return", onReturn);
      reject(error);
    }
  });
}

/**
 * Closes a channel or a connection; it may be closed already. Resolves when the broker has answered, so
 * that everything sent before, each ack, has arrived there.
 */
export async function closeQuietly(closable: Channel | ChannelModel): Promise<void> {
  // When the connection is lost meanwhile, close() never settles, but the event comes.
  const closed = new Promise<void>((resolve) => closable.once("close", resolve));
  const closing = closable.close().catch(() => undefined);
  await Promise.race([closed, closing]);
}
