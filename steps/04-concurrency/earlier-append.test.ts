import { describe, expect, it } from "vitest";
import { DuplicateEvent } from "../../shared/kernel/errors.ts";
import type { NewEvent } from "../../shared/kernel/event.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { earlierAppend, type StoredEvent } from "./earlier-append.ts";

const [first, second, third] = [newEvent(created), newEvent(confirmed), newEvent(cancelled)];
const refused = "DuplicateEvent, with the id of an event that is there twice";

describe("the same append twice", () => {
  costs("who lost the answer of an append on the way decides anew: a second stay, a second bill");

  it("is recognised, with its version and its exact position", () => {
    const stored = [found(first, 4), found(second, 5)];
    story({
      given: "two events are versions 4 and 5 of reservation-1",
      when: "earlierAppend is asked about the same two, for reservation-1",
      wanted: "repeated: true, with version and position of the last one, to the last digit",
      costs: "who waits for a read model to reach a position that is not there waits for ever",
    });
    expect(answer([first, second], stored)).toEqual({
      streamId: "reservation-1",
      version: 5,
      position: 9007199254740997n,
      repeated: true,
    });
  });

  it("is not the same when none of its events is stored", () => {
    story({
      given: "nothing is stored of the batch",
      when: "earlierAppend is asked about ReservationCreated and ReservationConfirmed",
      wanted: "undefined: no earlier append has stored them",
      costs: "a conflict is taken for a repeat: the writer hears 'done', and nothing is stored",
    });
    expect(answer([first, second], [])).toBeUndefined();
  });

  it.each([
    ["in another stream", [first], [found(first, 1, "reservation-2")]],
    [
      "as a batch in another stream",
      [first, second],
      [found(first, 1, "reservation-2"), found(second, 2, "reservation-2")],
    ],
    ["one is missing at the end", [first, second], [found(first, 1)]],
    ["one is missing at the start", [first, second], [found(second, 1)]],
    ["in another order", [second, first], [found(first, 1), found(second, 2)]],
    ["with others between them", [first, third], [found(first, 1), found(third, 3)]],
    [
      "one in each of two streams",
      [first, second],
      [found(first, 1), found(second, 2, "reservation-2")],
    ],
  ] as readonly [string, NewEvent[], StoredEvent[]][])(
    "is refused when its events are stored otherwise: %s",
    (how, events, stored) => {
      story({
        given: stored.map(placeOf).join(", "),
        when: `the batch ${events.map(({ type }) => type).join(", ")} comes for reservation-1`,
        wanted: `a DuplicateEvent is thrown: they are stored, but ${how}`,
        costs:
          "told 'stored before', the writer is content, and what it decided is nowhere; told " +
          "'not stored', it hears of a conflict that is none, and decides again and again",
      });
      expect(answer(events, stored)).toBe(refused);
    },
  );

  it.each([
    ["none of them stored", [first, second, first], []],
    ["one of them stored", [first, first], [found(first, 1)]],
  ] as readonly [string, NewEvent[], StoredEvent[]][])(
    "is refused with one event in it twice: %s",
    (what, events, stored) => {
      story({
        given: `a batch that has ReservationCreated twice, under one id, and ${what}`,
        when: "earlierAppend is asked about it",
        wanted: "a DuplicateEvent is thrown, with that id",
        costs:
          "no statement can ever store this batch: told 'not stored', the writer hears of a " +
          "conflict that is none, and tries for ever",
      });
      expect(answer(events, stored)).toBe(refused);
    },
  );
});

/** How an event is found in the store. */
function found(event: NewEvent, version: number, streamId = "reservation-1"): StoredEvent {
  return { id: event.id, streamId, version, position: `${2n ** 53n + BigInt(version)}` };
}

/** Your answer to a batch for reservation-1; a DuplicateEvent in words, any other error is thrown on. */
function answer(events: readonly NewEvent[], stored: readonly StoredEvent[]) {
  try {
    return earlierAppend("reservation-1", events, stored);
  } catch (error) {
    if (!(error instanceof DuplicateEvent)) throw error;
    const ids = [...events, ...stored].map(({ id }) => id);
    const isTwice = ids.filter((id) => id === error.eventId).length > 1;
    return isTwice ? refused : `DuplicateEvent, with an id that is there once: ${error.eventId}`;
  }
}

function placeOf({ id, streamId, version }: StoredEvent): string {
  const type = [first, second, third].find((event) => event.id === id)?.type;
  return `${type} is version ${version} of ${streamId}`;
}
