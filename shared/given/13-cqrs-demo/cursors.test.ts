/** The cursors that step 13 gives: a client may hand back anything, and PostgreSQL must not be the one that says no. */

import { describe, expect, it } from "vitest";
import { startOfStore } from "../../../solutions/06-publishing/commit-order.ts";
import {
  fromPageCursor,
  toCheckpoint,
  toCursor,
  toPageCursor,
} from "../../../solutions/13-cqrs-demo/cursors.ts";

const refusal = expect.objectContaining({
  extensions: expect.objectContaining({ code: "BAD_USER_INPUT" }),
});

function cursorOf(said: unknown): string {
  return Buffer.from(JSON.stringify(said), "utf8").toString("base64url");
}

const noCursors: readonly [string, string][] = [
  ["an empty text", ""],
  ["no JSON", Buffer.from("no cursor", "utf8").toString("base64url")],
  ["no list", cursorOf({ transactionId: "7", position: "3" })],
  ["an empty list", cursorOf([])],
  ["a list of numbers", cursorOf([7, 3])],
  ["a list of a text and a number", cursorOf(["7", 3])],
];

describe("a cursor of the events", () => {
  it("leads back to its place, also where a number would have lost its last digits", () => {
    const place = { transactionId: 9_007_199_254_740_993n, position: 999_999_999_999_999_999n };
    expect(toCheckpoint(toCursor(place))).toEqual(place);
  });

  it.each([null, undefined])("that is %s is the start of the store", (cursor) => {
    expect(toCheckpoint(cursor)).toEqual(startOfStore);
  });

  it.each([
    ...noCursors,
    ["one half of a place", cursorOf(["7"])],
    ["a word for the transaction", cursorOf(["seven", "3"])],
    ["a word for the position", cursorOf(["7", "three"])],
    ["a negative position", cursorOf(["7", "-3"])],
    ["something behind the number", cursorOf(["7", "3;"])],
    ["a number that no bigint column takes", cursorOf(["7", "9223372036854775808"])],
    ["the cursor of a page", toPageCursor({ arrival: "2030-05-01", reservationId: "r" })],
  ])("that is %s is refused", (_, cursor) => {
    expect(() => toCheckpoint(cursor)).toThrow(refusal);
  });
});

describe("a cursor of a page of reservations", () => {
  it("leads back to the reservation, whatever is in its id", () => {
    const place = { arrival: "2028-02-29", reservationId: 'Zürich "1", 🛏' };
    expect(fromPageCursor(toPageCursor(place))).toEqual(place);
  });

  it.each([
    ...noCursors,
    ["a date alone", cursorOf(["2030-05-01"])],
    ["no date", cursorOf(["May", "r"])],
    ["a month that is not there", cursorOf(["2030-13-01", "r"])],
    ["30 February", cursorOf(["2030-02-30", "r"])],
    ["the year 0", cursorOf(["0000-01-01", "r"])],
    ["an id with a NUL", cursorOf(["2030-05-01", "r\0"])],
    ["the cursor of an event", toCursor({ transactionId: 7n, position: 3n })],
  ])("that is %s is refused", (_, cursor) => {
    expect(() => fromPageCursor(cursor)).toThrow(refusal);
  });
});
