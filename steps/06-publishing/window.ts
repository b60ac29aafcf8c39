/** Not more than the broker can keep up with. Given. */

import type { PublishingChannel } from "./publisher.ts";

/**
 * The same channel with at most `size` messages that are not confirmed yet; the others wait in
 * order. Each confirm lets the next one go, so the broker always has work and never a heap of it.
 */
export function windowed(channel: PublishingChannel, size: number): PublishingChannel {
  let waiting: (() => void)[] = [];
  let next = 0; // An array's shift() moves all that is left, each time.
  let inFlight = 0;
  const sendNext = (): void => {
    const send = waiting[next++];
    if (send) {
      send();
    } else {
      waiting = [];
      next = 0;
    }
  };
  return {
    on: (event, listener) => channel.on(event, listener),
    publish(exchange, routingKey, content, options, callback) {
      const send = (): void => {
        inFlight += 1;
        const settle: typeof callback = (error, ok) => {
          inFlight -= 1;
          callback?.(error, ok);
          sendNext();
        };
        try {
          channel.publish(exchange, routingKey, content, options, settle);
        } catch (error) {
          queueMicrotask(() => settle(error, {})); // the channel is closed
        }
      };
      if (inFlight < size) send();
      else waiting.push(send);
      return inFlight < size;
    },
  };
}
