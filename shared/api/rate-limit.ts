/** A token bucket for each client: a burst is fine, a flood is not. */

export interface RateLimit {
  /** Takes one token; undefined when there was one, else the seconds until there is. */
  take(client: string): number | undefined;
  /** How many clients are remembered. */
  size(): number;
}

/** @param now milliseconds on a clock that never goes back */
export function createRateLimit(
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
  now: () => number = () => performance.now(),
): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const secondsToFill = burst / perSecond;

  /** A full bucket is as good as none, so that a stream of new addresses does not fill the memory. */
  const forgetFull = (at: number): void => {
    for (const [client, bucket] of buckets) {
      if (at - bucket.at >= secondsToFill * 1_000) buckets.delete(client);
    }
  };
  return {
    take(client) {
      const at = now();
      if (buckets.size >= 10_000) forgetFull(at);
      const bucket = buckets.get(client) ?? { tokens: burst, at };
      const tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1_000) * perSecond);
      buckets.set(client, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      return tokens >= 1 ? undefined : (1 - tokens) / perSecond;
    },
    size: () => buckets.size,
  };
}
