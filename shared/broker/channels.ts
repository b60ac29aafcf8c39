/** The channels of a connection: opened, closed, and each given its frames. */

import { Channel, type ChannelOwner, type Left, takeBack } from "./channel.ts";
import { channelFrame } from "./channel-frame.ts";
import { frameType } from "./frame.ts";
import { methodId } from "./methods.ts";
import { closeArguments, ProtocolError } from "./reply-codes.ts";

const openId = methodId("channel.open");
const closeId = methodId("channel.close");
const closeOkId = methodId("channel.close-ok");

export class Channels {
  /** How many there may be, as the peers have agreed. */
  most = 0;
  readonly #connection: ChannelOwner;
  readonly #open = new Map<number, Channel>();
  /** Closed by the broker; what comes for them is dropped until the client has answered. */
  readonly #closing = new Set<number>();
  readonly #unconfirmed = new Set<Channel>();

  constructor(connection: ChannelOwner) {
    this.#connection = connection;
  }

  /** Throws a ProtocolError for what costs the connection; what costs the channel is dealt with. */
  frame(type: number, number: number, buffer: Buffer, from: number, end: number): void {
    const id = type === frameType.method && end - from >= 4 ? buffer.readUInt32BE(from) : 0;
    const channel = this.#open.get(number);
    if (!channel) {
      this.#withoutChannel(number, id);
      return;
    }
    if (id === closeId) {
      this.#close(channel);
      this.#connection.send(number, "channel.close-ok", {});
      return;
    }
    try {
      channelFrame(channel, type, buffer, from, end);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      error.method = channel.currentMethod;
      if (error.endsConnection) throw error;
      this.#close(channel);
      this.#closing.add(number);
      this.#connection.send(number, "channel.close", closeArguments(error));
    }
  }

  /** The channel has confirms to send when all that came with them is done. */
  confirmLater(channel: Channel): void {
    this.#unconfirmed.add(channel);
  }

  sendConfirms(): void {
    for (const channel of this.#unconfirmed) channel.sendConfirms();
    this.#unconfirmed.clear();
  }

  /** Their consumers can take more than before. */
  dispatch(): void {
    for (const channel of this.#open.values()) channel.dispatch();
  }

  /** All leave their queues. */
  leave(): Left {
    const left = [...this.#open.values()].map((channel) => channel.leave());
    this.#open.clear();
    return {
      held: left.flatMap(({ held }) => held),
      queues: left.flatMap(({ queues }) => queues),
    };
  }

  #withoutChannel(number: number, id: number): void {
    if (this.#closing.has(number)) {
      if (id === closeId) this.#connection.send(number, "channel.close-ok", {});
      if (id === closeOkId) this.#closing.delete(number);
      return;
    }
    if (id !== openId) {
      const error = new ProtocolError("CHANNEL_ERROR", "expected 'channel.open'");
      error.method = id;
      throw error;
    }
    const count = this.#open.size + this.#closing.size;
    if (count >= this.most) {
      throw new ProtocolError(
        "NOT_ALLOWED",
        `number of channels opened (${count}) has reached the negotiated channel_max (${this.most})`,
      );
    }
    this.#open.set(number, new Channel(number, this.#connection));
    this.#connection.send(number, "channel.open-ok", {});
  }

  #close(channel: Channel): void {
    channel.sendConfirms();
    this.#open.delete(channel.number);
    takeBack(channel.leave(), "lost");
  }
}
