import { describe, expect, it } from "vitest";
import { inTimeZone, timeZones } from "../../shared/testing/surroundings.ts";
import { countNights } from "./stay.ts";

describe("the nights of a stay", () => {
  it("are the nights between arrival and departure", () => {
    expect(countNights({ arrival: "2030-05-01", departure: "2030-05-03" })).toBe(2);
    expect(countNights({ arrival: "2030-05-01", departure: "2030-05-02" })).toBe(1);
  });

  it("are none when arrival and departure are the same day, and negative the wrong way round", () => {
    expect(countNights({ arrival: "2030-05-01", departure: "2030-05-01" })).toBe(0);
    expect(countNights({ arrival: "2030-05-03", departure: "2030-05-01" })).toBe(-2);
  });

  it("are counted across the end of a month, of a year and of February in a leap year", () => {
    expect(countNights({ arrival: "2030-04-29", departure: "2030-05-02" })).toBe(3);
    expect(countNights({ arrival: "2030-12-31", departure: "2031-01-01" })).toBe(1);
    expect(countNights({ arrival: "2032-02-28", departure: "2032-03-01" })).toBe(2);
  });

  it.each([
    ["Europe/Berlin", "an hour is missing", "2030-03-30", "2030-04-01"],
    ["Europe/Berlin", "an hour comes twice", "2030-10-26", "2030-10-28"],
    ["America/New_York", "an hour is missing", "2030-03-09", "2030-03-11"],
    ["America/Santiago", "midnight is missing", "2030-09-07", "2030-09-09"],
    ["Pacific/Apia", "a whole day is missing", "2011-12-29", "2011-12-31"],
  ])("are two in %s, where %s (%s to %s)", (timeZone, _change, arrival, departure) => {
    expect(inTimeZone(timeZone, () => countNights({ arrival, departure }))).toBe(2);
  });

  it("are the same on computers in all time zones", () => {
    const stay = { arrival: "2030-03-01", departure: "2030-03-31" };
    const counted = timeZones.map((zone) => inTimeZone(zone, () => countNights(stay)));
    expect(counted).toEqual(timeZones.map(() => 30));
  });
});
