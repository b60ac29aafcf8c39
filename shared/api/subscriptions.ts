/** How many subscriptions are open, of each client and in all. */

import type { Limits } from "./limits.ts";
import { refuse } from "./refusal.ts";

export interface Subscriptions {
  /**
   * Counts one until its signal is aborted.
   * @throws GraphQLError TOO_MANY_SUBSCRIPTIONS
   */
  open(client: string, signal: AbortSignal): void;
  count(): number;
}

export function createSubscriptions({
  subscriptions: inAll,
  subscriptionsPerClient,
}: Pick<Limits, "subscriptions" | "subscriptionsPerClient">): Subscriptions {
  const open = new Map<string, number>();
  let count = 0;
  return {
    open(client, signal) {
      const own = open.get(client) ?? 0;
      if (own >= subscriptionsPerClient || count >= inAll) {
        throw refuse(
          "TOO_MANY_SUBSCRIPTIONS",
          `A client may have ${subscriptionsPerClient} subscriptions open, and all clients ${inAll}. Close one first.`,
        );
      }
      open.set(client, own + 1);
      count += 1;
      const close = (): void => {
        const left = (open.get(client) ?? 1) - 1;
        if (left > 0) open.set(client, left);
        else open.delete(client);
        count -= 1;
      };
      if (signal.aborted) close();
      else signal.addEventListener("abort", close, { once: true });
    },
    count: () => count,
  };
}
