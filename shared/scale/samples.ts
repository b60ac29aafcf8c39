/** What a load run has measured, second by second. */

export interface Sample {
  /** When the command was due, in milliseconds since the start: one that had to wait for its turn waited, too. */
  readonly at: number;
  /** Milliseconds from then until its change was visible in the read model. */
  readonly took: number;
}

export interface Bucket {
  /** Seconds since the start. */
  readonly second: number;
  readonly perSecond: number;
  /** undefined where nothing was finished. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** One bucket for each second, or for more of them, so that there are `most` at the most. */
export function bucketsOf(
  samples: readonly Sample[],
  seconds: number,
  most = 60,
): readonly Bucket[] {
  const width = Math.max(1, Math.ceil(seconds / most));
  const count = Math.ceil(seconds / width);
  const took = Array.from({ length: count }, () => [] as number[]);
  for (const sample of samples) took[Math.floor(sample.at / 1_000 / width)]?.push(sample.took);
  return took.map((values, index) => ({
    second: index * width,
    perSecond: values.length / width,
    p50: percentile(values, 50),
    p99: percentile(values, 99),
  }));
}

/** The smallest value that so many per cent are not above. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}
