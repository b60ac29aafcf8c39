/** Runs code as if on another computer: another clock, time zone, default locale and luck. */

import fc from "fast-check";
import { vi } from "vitest";

export interface Surroundings {
  /** What the clock shows. */
  readonly now: string;
  readonly timeZone: string;
  readonly locale: string;
  /** What `Math.random()` returns. */
  readonly random: number;
}

/** Zones with hours that are missing or come twice, a day that is missing, and both ends of the date line. */
export const timeZones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Santiago",
  "Africa/Cairo",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Pacific/Pago_Pago",
] as const;

/** Two computers that differ in everything. */
export function differentSurroundings(): fc.Arbitrary<readonly [Surroundings, Surroundings]> {
  const first = surroundings(
    ["2029-06-15T23:59:59.999Z", "2030-03-31T00:59:59.000Z"],
    ["en-US", "tr-TR"],
  );
  const second = surroundings(
    ["2031-10-26T01:00:00.000Z", "1999-12-31T12:00:00.000Z"],
    ["de-DE", "ar-EG"],
  );
  return fc.tuple(first, second).filter(([one, other]) => one.timeZone !== other.timeZone);
}

function surroundings(
  clocks: readonly string[],
  locales: readonly string[],
): fc.Arbitrary<Surroundings> {
  return fc.record(
    {
      now: fc.constantFrom(...clocks),
      timeZone: fc.constantFrom(...timeZones),
      locale: fc.constantFrom(...locales),
      random: fc.constantFrom(...clocks.map((clock) => (Date.parse(clock) % 997) / 997)),
    },
    { noNullPrototype: true },
  );
}

/** `in Europe/Berlin, with the locale de-DE, at 2031-10-26T01:00:00.000Z` */
export function surroundingsInWords({ now, timeZone, locale }: Surroundings): string {
  return `in ${timeZone}, with the locale ${locale}, at ${now}`;
}

export function inSurroundings<T>(
  { now, timeZone, locale, random }: Surroundings,
  run: () => T,
): T {
  return inTimeZone(timeZone, () =>
    inLocale(locale, () => {
      const luck = vi.spyOn(Math, "random").mockReturnValue(random);
      vi.useFakeTimers({ toFake: ["Date"], now: new Date(now) });
      try {
        return run();
      } finally {
        vi.useRealTimers();
        luck.mockRestore();
      }
    }),
  );
}

/** Only the time zone differs. Works in a process of its own, such as Vitest's forks, not in a worker thread. */
export function inTimeZone<T>(timeZone: string, run: () => T): T {
  const before = process.env.TZ;
  process.env.TZ = timeZone;
  try {
    return run();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

/** Node reads the default locale once, at its start, so what would use it is given another one. */
function inLocale<T>(locale: string, run: () => T): T {
  const restores = [
    ...["toLocaleString", "toLocaleDateString", "toLocaleTimeString"].map((name) =>
      withDefault(Date.prototype, name, 0, locale),
    ),
    withDefault(Number.prototype, "toLocaleString", 0, locale),
    withDefault(String.prototype, "toLocaleUpperCase", 0, locale),
    withDefault(String.prototype, "toLocaleLowerCase", 0, locale),
    withDefault(String.prototype, "localeCompare", 1, locale),
    withDefault(Intl, "DateTimeFormat", 0, locale),
    withDefault(Intl, "NumberFormat", 0, locale),
    withDefault(Intl, "Collator", 0, locale),
  ];
  try {
    return run();
  } finally {
    for (const restore of restores) restore();
  }
}

/** Gives a function another default for one argument; returns what takes it back. */
function withDefault(owner: object, name: string, argument: number, value: string): () => void {
  const original = Object.getOwnPropertyDescriptor(owner, name);
  if (typeof original?.value !== "function") throw new TypeError(`There is no function ${name}.`);
  const filled = (given: readonly unknown[]): unknown[] => {
    const all = [...given];
    all[argument] ??= value;
    return all;
  };
  Object.defineProperty(owner, name, {
    ...original,
    value: new Proxy(original.value, {
      apply: (target, self, given) => Reflect.apply(target, self, filled(given)),
      construct: (target, given) => Reflect.construct(target, filled(given)),
    }),
  });
  return () => {
    Object.defineProperty(owner, name, original);
  };
}
