/** A wait that ends: with the result, or with what was waited for in vain. */

export class TimeLimitExceeded extends Error {
  override readonly name = "TimeLimitExceeded";
  readonly what: string;
  readonly milliseconds: number;

  constructor(what: string, milliseconds: number) {
    super(`${what} after ${milliseconds / 1000} s.`);
    this.what = what;
    this.milliseconds = milliseconds;
  }
}

/** As `promise`, or TimeLimitExceeded; `what` says what is not there by then: `Nobody consumes`. */
export async function within<T>(
  milliseconds: number,
  what: string,
  promise: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeLimitExceeded(what, milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
