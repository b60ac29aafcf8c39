/** Moments in time as they are written in events. */

const isoInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Milliseconds since 1970 for an ISO 8601 instant like `2030-01-01T12:00:00.000Z`.
 *
 * Compare numbers, not texts: `12:00:00Z` and `12:00:00.000Z` are one moment and two texts.
 * @throws RangeError for text without a time zone, which each computer would read differently
 */
export function toMilliseconds(instant: string): number {
  const milliseconds = isoInstant.test(instant) ? Date.parse(instant) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw new RangeError(`"${instant}" is not an instant like 2030-01-01T12:00:00.000Z.`);
  }
  return milliseconds;
}
