/** What every event store has to do: one suite, run against the one in memory and the one on PostgreSQL. */

import { describe, expect, it } from "vitest";
import type { EventEnvelope, NewEvent } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { answerTo } from "./append-outcome.ts";
import { collect } from "./collect.ts";
import { versionInWords } from "./in-words.ts";
import { newEvent } from "./new-events.ts";
import { describeRefusals } from "./refusals-conformance.ts";
import { cancelled, confirmed, created, stayChanged } from "./reservations.ts";
import { costs, story } from "./story.ts";

const stream = "reservation-1";

/** Registers the suite; `makeStore` is called once in each test and returns an empty store. */
export function describeEventStore(makeStore: () => EventStore): void {
  describe("an append", () => {
    costs("the desk reads another history to the guest than the one that happened");

    it("gives versions from 1 and rising positions, and says where it ended", async () => {
      story({
        given: "an empty store",
        when: "two events are appended to reservation-1, expecting 0, then one, expecting 2",
        wanted: "versions 1, 2, 3; the answers are version and position of the last of each batch",
      });
      const store = makeStore();
      const first = await store.append(stream, batch(created, confirmed), 0);
      const second = await store.append(stream, batch(cancelled), 2);
      const at = { streamId: stream, repeated: false };
      expect(first, "the first answer").toMatchObject({ ...at, version: 2 });
      expect(second, "the second answer").toMatchObject({ ...at, version: 3 });
      const events = await collect(store.readStream(stream));
      expect(events.map(versionInWords), "the stream").toEqual([
        "v1 ReservationCreated",
        "v2 ReservationConfirmed",
        "v3 ReservationCancelled",
      ]);
      const positions = events.map(({ position }) => position);
      expect(positions, "the positions of the three, which rise").toEqual(
        positions.toSorted((a, b) => (a < b ? -1 : 1)),
      );
      const answered = [first.position, second.position];
      expect(answered, "the positions in the answers, beside those of versions 2 and 3").toEqual(
        positions.slice(1),
      );
    });

    it("keeps every field, and adds when it was recorded", async () => {
      story({
        when: "an event with schemaVersion 3 and metadata is appended, and read back",
        wanted: "the same event, with streamId, version 1, its position, and recordedAt in UTC",
        costs: "half a year later nobody can tell which request has led to this booking",
      });
      const store = makeStore();
      const event = newEvent(created, {
        schemaVersion: 3,
        metadata: { correlationId: "c-1", causationId: "c-2", user: { name: "Zoë", tags: [] } },
      });
      await store.append(stream, [event], "no-stream");
      const [stored] = await collect(store.readStream(stream));
      expect(stored).toEqual({
        ...event,
        streamId: stream,
        version: 1,
        position: expect.any(BigInt),
        recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
    });

    it("counts each stream by itself", async () => {
      story({
        given: "reservation-1 is at version 1",
        when: "an event is appended to reservation-2, expecting 0, then one to reservation-1, at 1",
        wanted: "they are version 1 of reservation-2, and version 2 of reservation-1",
        costs: "each guest who books makes the bookings of all others fail",
      });
      const store = makeStore();
      await store.append(stream, batch(created), 0);
      const other = await answerTo(store.append("reservation-2", batch(created), 0));
      expect(other, "the answer for reservation-2").toBe("written, up to version 1");
      const next = await answerTo(store.append(stream, batch(confirmed), 1));
      expect(next, "the answer for reservation-1").toBe("written, up to version 2");
    });
  });

  describe("an expected version", () => {
    costs("confirmed and cancelled at the same version: the guest arrives at 23:40, for nothing");

    it.each([
      ["no-stream", 0, "goes on"],
      ["no-stream", 1, "is refused"],
      ["stream-exists", 0, "is refused"],
      ["stream-exists", 1, "goes on"],
      ["any", 0, "goes on"],
      ["any", 1, "goes on"],
      [0, 0, "goes on"],
      [0, 1, "is refused"],
      [1, 0, "is refused"],
      [1, 1, "goes on"],
      [1, 2, "is refused"],
      [2, 1, "is refused"],
      [3, 1, "is refused"],
    ] as const)("of %s meets a stream at version %s: it %s", async (expected, actual, then) => {
      const passes = then === "goes on";
      const refusal = `ConcurrencyConflict: ${stream} is at ${actual}, expected was ${expected}`;
      const goesOn = `written, up to version ${actual + 2}`;
      story({
        given: actual === 0 ? "there is no stream" : `${stream} is at version ${actual}`,
        when: `two events are appended, expecting ${expected}`,
        wanted: passes ? goesOn : `nothing is written. ${refusal}`,
      });
      const store = makeStore();
      const before = batch(created, confirmed).slice(0, actual);
      if (before.length > 0) await store.append(stream, before, 0);
      const appending = store.append(stream, batch(cancelled, stayChanged), expected);
      expect(await answerTo(appending), "the answer").toBe(passes ? goesOn : refusal);
      const all = [...before, ...(passes ? [cancelled, stayChanged] : [])];
      expect((await collect(store.readAll())).map(versionInWords), "the stream afterwards").toEqual(
        all.map(({ type }, index) => versionInWords({ version: index + 1, type })),
      );
    });
  });

  describe("an append that is sent again", () => {
    costs("the answer was lost on the way, the guest presses again: two stays, two bills");

    it.each([0, 1, 2, 9, "no-stream", "stream-exists", "any"] as const)(
      "is recognised when it expects %s",
      async (expected) => {
        story({
          given: "two events were appended, and one behind them: reservation-1 is at version 3",
          when: `the same two are appended again, expecting ${expected}`,
          wanted: "the first answer again, with repeated: true, whatever is expected; no new event",
        });
        const store = makeStore();
        const events = batch(created, confirmed);
        const first = await store.append(stream, events, "no-stream");
        await store.append(stream, batch(cancelled), 2);
        const again = await store.append(stream, events, expected);
        expect(again, "the second answer, beside the first").toEqual({ ...first, repeated: true });
        expect((await collect(store.readAll())).map(versionInWords), "all that is stored").toEqual([
          "v1 ReservationCreated",
          "v2 ReservationConfirmed",
          "v3 ReservationCancelled",
        ]);
      },
    );

    it.each([
      ["into another stream", "reservation-2", (a, b) => [a, b]],
      ["with a new event before it", stream, (a, b) => [newEvent(cancelled), a, b]],
      ["with a new event after it", stream, (a, b) => [a, b, newEvent(cancelled)]],
      ["in another order", stream, (a, b) => [b, a]],
      ["with one event twice", stream, (a) => [a, a]],
    ] as readonly [string, string, (a: NewEvent, b: NewEvent) => NewEvent[]][])(
      "%s is refused",
      async (how, into, again) => {
        story({
          given: "two events are versions 1 and 2 of reservation-1",
          when: `they are sent again ${how}, expecting any`,
          wanted: "a DuplicateEvent, and nothing is written: this is a mix-up of ids, no repeat",
          costs: "told 'stored before', the writer is content, and its new event is nowhere",
        });
        const store = makeStore();
        const [a, b] = [newEvent(created), newEvent(confirmed)];
        await store.append(stream, [a, b], "no-stream");
        const answer = await answerTo(store.append(into, again(a, b), "any"));
        expect(answer.replace(/: .*-.*$/, ""), "the answer").toBe("DuplicateEvent");
        expect((await collect(store.readAll())).map(versionInWords), "all that is stored").toEqual([
          "v1 ReservationCreated",
          "v2 ReservationConfirmed",
        ]);
      },
    );

    it("with a new event that has its id twice is refused", async () => {
      story({
        given: "an empty store",
        when: "a batch has the same new event twice",
        wanted: "a DuplicateEvent with its id, and nothing is written",
        costs: "no statement can store it: the writer hears of a conflict, and tries for ever",
      });
      const store = makeStore();
      const event = newEvent(created);
      const answer = await answerTo(store.append(stream, [event, event], "any"));
      expect(answer, "the answer").toBe(`DuplicateEvent: ${event.id}`);
      expect((await collect(store.readAll())).map(versionInWords), "all that is stored").toEqual(
        [],
      );
    });
  });

  describe("what cannot be stored", () => {
    describeRefusals(makeStore);
  });

  describe("reading", () => {
    costs("a reservation is folded from other events than it has: the desk sees the wrong stay");

    it("a stream goes from the version that is asked for, whatever the page size", async () => {
      story({
        given: "reservation-1 has versions 1 to 5",
        when: "it is read from versions 1, 4 and 6, in pages of 1, 2, 4, 5 and 6",
        wanted: "what there is from that version on, each event once: 1 to 5, 4 and 5, none",
      });
      const store = makeStore();
      await store.append(stream, batch(created, confirmed, stayChanged, stayChanged, cancelled), 0);
      for (const pageSize of [1, 2, 4, 5, 6]) {
        const versions = async (fromVersion: number): Promise<number[]> =>
          (await collect(store.readStream(stream, { fromVersion, pageSize }))).map(
            (e) => e.version,
          );
        const told = `in pages of ${pageSize}`;
        expect(await versions(1), `from 1, ${told}`).toEqual([1, 2, 3, 4, 5]);
        expect(await versions(4), `from 4, ${told}`).toEqual([4, 5]);
        expect(await versions(6), `from 6, ${told}`).toEqual([]);
      }
    });

    it("a stream that is not there gives no events", async () => {
      story({
        given: "reservation-1 has one event, and there is no reservation-2",
        when: "reservation-2 is read",
        wanted: "no events, and no error",
        costs: "the first command for a new reservation fails, and nobody can book",
      });
      const store = makeStore();
      await store.append(stream, batch(created), 0);
      const events = await collect(store.readStream("reservation-2"));
      expect(events.map(versionInWords)).toEqual([]);
    });

    it("all streams goes by position, after the one that is asked for", async () => {
      story({
        given:
          "v1 of reservation-1, v1 and v2 of reservation-2, v2 of reservation-1, in this order",
        when: "all streams are read, in pages of 1 to 5: all, after the second, after the last",
        wanted: "all four by position; the last two; none",
        costs: "the read model, which is built from this, misses a booking or counts it twice",
      });
      const store = makeStore();
      await store.append(stream, batch(created), 0);
      await store.append("reservation-2", batch(created, confirmed), 0);
      const { position } = await store.append(stream, batch(confirmed), 1);
      for (const pageSize of [1, 2, 3, 4, 5]) {
        const told = `in pages of ${pageSize}`;
        const all = await collect(store.readAll({ pageSize }));
        expect(all.map(placeOf), `all, ${told}`).toEqual([
          "v1 of reservation-1",
          "v1 of reservation-2",
          "v2 of reservation-2",
          "v2 of reservation-1",
        ]);
        const after = all[1]?.position ?? 0n;
        const rest = await collect(store.readAll({ after, pageSize }));
        expect(rest, `after the second, ${told}`).toEqual(all.slice(2));
        const none = await collect(store.readAll({ after: position, pageSize }));
        expect(none.map(placeOf), `after the last, ${told}`).toEqual([]);
      }
    });
  });
}

function placeOf({ version, streamId }: EventEnvelope): string {
  return `v${version} of ${streamId}`;
}

function batch(...events: readonly { readonly type: string; readonly data: object }[]): NewEvent[] {
  return events.map((event) => newEvent(event));
}
