import { describe, expect, it } from "vitest";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created } from "../../shared/testing/reservations.ts";
import { earlierAppend, type StoredEvent } from "./earlier-append.ts";

const [first, second, third] = [newEvent(created), newEvent(confirmed), newEvent(cancelled)];

/** How an event is found in the store. */
function found(event: { readonly id: string }, version: number, streamId = "reservation-1") {
  return { id: event.id, streamId, version, position: `${2n ** 53n + BigInt(version)}` };
}

describe("the same append twice", () => {
  it("is recognised, with its version and its exact position", () => {
    const stored = [found(first, 4), found(second, 5)];
    expect(earlierAppend("reservation-1", [first, second], stored)).toEqual({
      streamId: "reservation-1",
      version: 5,
      position: 9007199254740997n,
      repeated: true,
    });
  });

  it("is not the same when none of its events is stored", () => {
    expect(earlierAppend("reservation-1", [first, second], [])).toBeUndefined();
  });

  it.each([
    ["in another stream", [first], [found(first, 1, "reservation-2")]],
    ["one is missing at the end", [first, second], [found(first, 1)]],
    ["one is missing at the start", [first, second], [found(second, 1)]],
    ["in another order", [second, first], [found(first, 1), found(second, 2)]],
    ["with others between them", [first, third], [found(first, 1), found(third, 3)]],
    ["one in each of two streams", [first, second], [found(first, 1), found(second, 1, "b")]],
  ] as readonly [string, (typeof first)[], StoredEvent[]][])(
    "is refused when its events are stored otherwise: %s",
    (_how, events, stored) => {
      const duplicate = expect.objectContaining({ name: "DuplicateEvent", eventId: stored[0]?.id });
      expect(() => earlierAppend("reservation-1", events, stored)).toThrow(duplicate);
    },
  );

  it("is refused with one event in it twice", () => {
    const duplicate = expect.objectContaining({ name: "DuplicateEvent", eventId: first.id });
    expect(() => earlierAppend("reservation-1", [first, second, first], [])).toThrow(duplicate);
    const stored = [found(first, 1)];
    expect(() => earlierAppend("reservation-1", [first, first], stored)).toThrow(duplicate);
  });
});
