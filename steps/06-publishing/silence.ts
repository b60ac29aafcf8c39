/** A confirm that never comes: after a lost connection nobody promises one. Given. */

import type { ConfirmChannel } from "amqplib";

/** The broker was silent for too long. What it has of the batch is not known. */
export class RelayStalled extends Error {
  override readonly name = "RelayStalled";

  constructor(milliseconds: number) {
    super(
      `Nothing was confirmed for ${milliseconds} ms: the relay connects anew and starts again.`,
    );
  }
}

/**
 * The outcome of `work`, unless no confirm arrives for so long that none will.
 * @throws RelayStalled
 */
export async function unlessSilent<T>(
  channel: ConfirmChannel,
  milliseconds: number,
  work: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RelayStalled(milliseconds)), milliseconds);
  });
  const heard = (): unknown => timer?.refresh();
  channel.on("ack", heard).on("nack", heard);
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
    channel.off("ack", heard).off("nack", heard);
  }
}
