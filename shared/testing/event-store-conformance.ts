/** What every event store has to do: one suite, run against the one in memory and the one on PostgreSQL. */

import { describe, expect, it } from "vitest";
import type { NewEvent } from "../kernel/event.ts";
import type { AppendResult, EventStore } from "../kernel/event-store.ts";
import { collect } from "./collect.ts";
import { newEvent } from "./new-events.ts";
import { cancelled, confirmed, created, stayChanged } from "./reservations.ts";

const stream = "reservation-1";

/** Registers the suite; `makeStore` is called once in each test and returns an empty store. */
export function describeEventStore(makeStore: () => EventStore): void {
  describe("an append", () => {
    it("gives versions from 1 and rising positions, and says where it ended", async () => {
      const store = makeStore();
      const first = await store.append(stream, batch(created, confirmed), 0);
      const second = await store.append(stream, batch(cancelled), 2);
      expect(first).toMatchObject({ streamId: stream, version: 2, repeated: false });
      expect(second).toMatchObject({ streamId: stream, version: 3, repeated: false });
      const events = await collect(store.readStream(stream));
      expect(events.map(({ version, type }) => [version, type])).toEqual([
        [1, "ReservationCreated"],
        [2, "ReservationConfirmed"],
        [3, "ReservationCancelled"],
      ]);
      const positions = events.map(({ position }) => position);
      expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
      expect([first.position, second.position]).toEqual(positions.slice(1));
    });

    it("keeps every field, and adds when it was recorded", async () => {
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
      const store = makeStore();
      await store.append(stream, batch(created), 0);
      expect(await store.append("reservation-2", batch(created), 0)).toMatchObject({ version: 1 });
      expect(await store.append(stream, batch(confirmed), 1)).toMatchObject({ version: 2 });
    });
  });

  describe("an expected version", () => {
    it.each([
      ["no-stream", 0, true],
      ["no-stream", 1, false],
      ["stream-exists", 0, false],
      ["stream-exists", 1, true],
      ["any", 0, true],
      ["any", 1, true],
      [0, 0, true],
      [0, 1, false],
      [1, 0, false],
      [1, 1, true],
      [1, 2, false],
      [2, 1, false],
      [3, 1, false],
    ] as const)(
      "of %s meets a stream at version %s: goes on is %s",
      async (expected, actual, passes) => {
        const store = makeStore();
        const before = batch(created, confirmed).slice(0, actual);
        if (before.length > 0) await store.append(stream, before, 0);
        const appending = store.append(stream, batch(cancelled, stayChanged), expected);
        if (passes) {
          expect(await appending).toMatchObject({ version: actual + 2, repeated: false });
        } else {
          const conflict = { name: "ConcurrencyConflict", streamId: stream, expected, actual };
          expect(await refusalOf(appending)).toMatchObject(conflict);
        }
        expect(await collect(store.readAll())).toHaveLength(passes ? actual + 2 : actual);
      },
    );
  });

  describe("an append that is sent again", () => {
    it.each([0, 1, 2, 9, "no-stream", "stream-exists", "any"] as const)(
      "is recognised when it expects %s",
      async (expected) => {
        const store = makeStore();
        const events = batch(created, confirmed);
        const first = await store.append(stream, events, "no-stream");
        await store.append(stream, batch(cancelled), 2);
        expect(await store.append(stream, events, expected)).toEqual({ ...first, repeated: true });
        expect(await collect(store.readAll())).toHaveLength(3);
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
      async (_how, into, again) => {
        const store = makeStore();
        const [a, b] = [newEvent(created), newEvent(confirmed)];
        await store.append(stream, [a, b], "no-stream");
        const duplicate = { name: "DuplicateEvent", eventId: expect.any(String) };
        const appending = store.append(into, again(a, b), "any");
        expect(await refusalOf(appending)).toMatchObject(duplicate);
        expect(await collect(store.readAll())).toHaveLength(2);
      },
    );

    it("with a new event that has its id twice is refused", async () => {
      const store = makeStore();
      const event = newEvent(created);
      expect(await refusalOf(store.append(stream, [event, event], "any"))).toMatchObject({
        name: "DuplicateEvent",
        eventId: event.id,
      });
      expect(await collect(store.readAll())).toEqual([]);
    });
  });

  describe("what cannot be stored", () => {
    it.each([
      ["no events", [], { name: "InvalidEvent", path: "events" }],
      ["undefined", [holding({ a: [1, { b: undefined }] })], invalid("data.a[1].b")],
      ["NaN", [holding({ price: Number.NaN })], invalid("data.price")],
      ["-0", [holding({ price: -0 })], invalid("data.price")],
      ["2^53", [holding({ price: 2 ** 53 })], invalid("data.price")],
      ["NUL in text", [holding({ name: "a\0b" })], invalid("data.name")],
      ["half a character", [holding({ name: "\ud83d" })], invalid("data.name")],
      ["a Date", [holding({ at: new Date(0) })], invalid("data.at")],
      ["an array for data", [holding([])], invalid("data")],
      [
        "metadata that is lost",
        [newEvent(created, { metadata: { x: undefined } })],
        invalid("metadata.x"),
      ],
      ["an id that is no UUID", [newEvent(created, { id: "1" })], invalid("id")],
      [
        "a UUID in capitals",
        [newEvent(created, { id: "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11" })],
        invalid("id"),
      ],
      ["schema version 0", [newEvent(created, { schemaVersion: 0 })], invalid("schemaVersion")],
      ["a type without a name", [newEvent({ type: "", data: {} })], invalid("type")],
      ["over 1 MiB", [holding({ text: "x".repeat(1024 * 1024) })], invalid("data")],
    ] as readonly [string, NewEvent[], object][])(
      "is refused: %s",
      async (_what, events, error) => {
        const store = makeStore();
        const all = events.length === 0 ? [] : [newEvent(created), ...events];
        await expect(store.append(stream, all, "any")).rejects.toMatchObject(error);
        expect(await collect(store.readAll())).toEqual([]);
      },
    );

    it.each(["", "x".repeat(256), "ö".repeat(128), "a\0b"])(
      "is refused: a stream id such as %j",
      async (streamId) => {
        const store = makeStore();
        const error = { name: "InvalidStreamId", streamId };
        expect(await refusalOf(store.append(streamId, batch(created), "any"))).toMatchObject(error);
        expect(await collect(store.readAll())).toEqual([]);
      },
    );

    it.each([-1, 1.5, Number.NaN, 2 ** 53])("is refused: version %s", async (version) => {
      const store = makeStore();
      const error = { name: "InvalidVersion", version };
      expect(await refusalOf(store.append(stream, batch(created), version))).toMatchObject(error);
      expect(await collect(store.readAll())).toEqual([]);
    });

    it("ends at the limits: they are stored", async () => {
      const store = makeStore();
      const event = holding({ text: "x".repeat(1024 * 1024 - 30) });
      await store.append("ö".repeat(127), [event], 0);
      await store.append("ö".repeat(127), batch(created), 1);
      const [stored] = await collect(store.readStream("ö".repeat(127)));
      expect(stored).toMatchObject({ data: event.data });
    });
  });

  describe("reading", () => {
    it("a stream goes from the version that is asked for, whatever the page size", async () => {
      const store = makeStore();
      await store.append(stream, batch(created, confirmed, stayChanged, stayChanged, cancelled), 0);
      for (const pageSize of [1, 2, 4, 5, 6]) {
        const versions = async (fromVersion: number): Promise<number[]> =>
          (await collect(store.readStream(stream, { fromVersion, pageSize }))).map(
            (e) => e.version,
          );
        expect(await versions(1)).toEqual([1, 2, 3, 4, 5]);
        expect(await versions(4)).toEqual([4, 5]);
        expect(await versions(6)).toEqual([]);
      }
    });

    it("a stream that is not there gives no events", async () => {
      const store = makeStore();
      await store.append(stream, batch(created), 0);
      expect(await collect(store.readStream("reservation-2"))).toEqual([]);
    });

    it("all streams goes by position, after the one that is asked for", async () => {
      const store = makeStore();
      await store.append(stream, batch(created), 0);
      await store.append("reservation-2", batch(created, confirmed), 0);
      const { position } = await store.append(stream, batch(confirmed), 1);
      for (const pageSize of [1, 2, 3, 4, 5]) {
        const all = await collect(store.readAll({ pageSize }));
        expect(all.map((event) => [event.streamId, event.version])).toEqual([
          [stream, 1],
          ["reservation-2", 1],
          ["reservation-2", 2],
          [stream, 2],
        ]);
        const after = all[1]?.position ?? 0n;
        expect(await collect(store.readAll({ after, pageSize }))).toEqual(all.slice(2));
        expect(await collect(store.readAll({ after: position, pageSize }))).toEqual([]);
      }
    });
  });
}

/** What the append was refused with, or how far it came when it was not refused. */
async function refusalOf(append: Promise<AppendResult>): Promise<unknown> {
  try {
    const { version } = await append;
    return { name: "not refused", version };
  } catch (error) {
    return error;
  }
}

function batch(...events: readonly { readonly type: string; readonly data: object }[]): NewEvent[] {
  return events.map((event) => newEvent(event));
}

function holding(data: object): NewEvent {
  return newEvent({ type: "Tried", data });
}

function invalid(path: string): object {
  return { name: "InvalidEvent", path };
}
