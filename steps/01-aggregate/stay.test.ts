import { describe, expect, it } from "vitest";
import { stayInWords } from "../../shared/testing/in-words.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { inTimeZone, timeZones } from "../../shared/testing/surroundings.ts";
import { countNights } from "./stay.ts";

describe("the nights of a stay", () => {
  costs(
    "a guest pays for a night too many, or the hotel gives one away, with each change of clocks",
  );

  it("are the nights between arrival and departure", () => {
    expectNights("2030-05-01", "2030-05-03", 2);
    expectNights("2030-05-01", "2030-05-02", 1);
  });

  it("are none when arrival and departure are the same day, and negative the wrong way round", () => {
    expectNights("2030-05-01", "2030-05-01", 0);
    expectNights("2030-05-03", "2030-05-01", -2);
  });

  it("are counted across the end of a month, of a year and of February in a leap year", () => {
    expectNights("2030-04-29", "2030-05-02", 3);
    expectNights("2030-12-31", "2031-01-01", 1);
    expectNights("2032-02-28", "2032-03-01", 2);
  });

  it.each([
    ["Europe/Berlin", "an hour is missing", "2030-03-30", "2030-04-01"],
    ["Europe/Berlin", "an hour comes twice", "2030-10-26", "2030-10-28"],
    ["America/New_York", "an hour is missing", "2030-03-09", "2030-03-11"],
    ["America/Santiago", "midnight is missing", "2030-09-07", "2030-09-09"],
    ["Pacific/Apia", "a whole day is missing", "2011-12-29", "2011-12-31"],
  ])("are two in %s, where %s (%s to %s)", (timeZone, change, arrival, departure) => {
    story({
      given: `a stay ${stayInWords({ arrival, departure })}`,
      when: `its nights are counted in ${timeZone}, where ${change}`,
      wanted: "2",
    });
    const nights = inTimeZone(timeZone, () => countNights({ arrival, departure }));
    expect(nights, "nights").toBe(2);
  });

  it("are the same on computers in all time zones", () => {
    const stay = { arrival: "2030-03-01", departure: "2030-03-31" };
    story({
      given: `a stay ${stayInWords(stay)}`,
      when: `its nights are counted in ${timeZones.join(", ")}`,
      wanted: "30, everywhere",
    });
    const counted = timeZones.map(
      (zone) => `${inTimeZone(zone, () => countNights(stay))} in ${zone}`,
    );
    expect(counted, "nights").toEqual(timeZones.map((zone) => `30 in ${zone}`));
  });

  function expectNights(arrival: string, departure: string, nights: number): void {
    story({
      given: `a stay ${stayInWords({ arrival, departure })}`,
      when: "its nights are counted",
      wanted: `${nights}`,
    });
    const counted = countNights({ arrival, departure });
    // -0, which some subtractions give, is as good as 0.
    expect(counted === 0 ? 0 : counted, "nights").toBe(nights);
  }
});
