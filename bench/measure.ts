/** Compares variants of the same work in one run: interleaved rounds, medians, ratios. */

export interface Variant {
  readonly name: string;
  /** Does a slice of the work and returns how many operations that was. */
  run(): Promise<number>;
}

export interface Measured {
  readonly name: string;
  /** Operations a second, the median of all rounds. */
  readonly perSecond: number;
  /** How fast it is beside the first variant: the median of the ratios of each round. */
  readonly ratio: number;
}

/**
 * Runs the variants in turn, `rounds` times after one round to warm up. A machine that is busy for
 * a while slows the variants of a round alike, so that the ratios of a round stay comparable; each
 * round starts with another variant.
 */
export async function interleaved(
  rounds: number,
  variants: readonly Variant[],
): Promise<readonly Measured[]> {
  const speeds = variants.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      const index = (turn + round + 1) % variants.length;
      const speed = await speedOf(variants[index]);
      if (round >= 0) speeds[index]?.push(speed);
    }
  }
  const base = speeds[0] ?? [];
  return variants.map(({ name }, index) => {
    const own = speeds[index] ?? [];
    return {
      name,
      perSecond: median(own),
      ratio: median(own.map((speed, round) => speed / (base[round] ?? Number.NaN))),
    };
  });
}

async function speedOf(variant: Variant | undefined): Promise<number> {
  if (!variant) return Number.NaN;
  const start = performance.now();
  const operations = await variant.run();
  return (operations * 1000) / (performance.now() - start);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
