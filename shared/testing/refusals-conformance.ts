/** What every event store has to refuse before anything is written: a part of its conformance suite. */

import { expect, it } from "vitest";
import type { NewEvent } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { answerTo, nameInWords } from "./append-outcome.ts";
import { collect } from "./collect.ts";
import { newEvent } from "./new-events.ts";
import { created } from "./reservations.ts";
import { costs, story } from "./story.ts";

const stream = "reservation-1";

/** To be called inside a `describe`. */
export function describeRefusals(makeStore: () => EventStore): void {
  costs("an event is for ever: what was lost on its way in, no later program can repair");

  it.each([
    ["no events", [], "events"],
    ["undefined", [holding({ a: [1, { b: undefined }] })], "data.a[1].b"],
    ["NaN", [holding({ price: Number.NaN })], "data.price"],
    ["-0", [holding({ price: -0 })], "data.price"],
    ["2^53", [holding({ price: 2 ** 53 })], "data.price"],
    ["NUL in text", [holding({ name: "a\0b" })], "data.name"],
    ["half a character", [holding({ name: "\ud83d" })], "data.name"],
    ["a Date", [holding({ at: new Date(0) })], "data.at"],
    ["an array for data", [holding([])], "data"],
    ["metadata that is lost", [newEvent(created, { metadata: { x: undefined } })], "metadata.x"],
    ["an id that is no UUID", [newEvent(created, { id: "1" })], "id"],
    [
      "a UUID in capitals",
      [newEvent(created, { id: "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11" })],
      "id",
    ],
    ["schema version 0", [newEvent(created, { schemaVersion: 0 })], "schemaVersion"],
    ["a type without a name", [newEvent({ type: "", data: {} })], "type"],
    ["over 1 MiB", [holding({ text: "x".repeat(1024 * 1024) })], "data"],
  ] as readonly [string, NewEvent[], string][])("is refused: %s", async (what, events, path) => {
    story({
      when:
        events.length === 0
          ? "no events are appended"
          : `a good event is appended, and behind it one with ${what}`,
      wanted: `an InvalidEvent with the path ${path}, and nothing is written, as in step 03`,
    });
    const store = makeStore();
    const all = events.length === 0 ? [] : [newEvent(created), ...events];
    expect(await answerTo(store.append(stream, all, "any"))).toBe(`InvalidEvent: ${path}`);
    expect(await storedIn(store), "all that is stored").toEqual([]);
  });

  const badIds = ["", "x".repeat(256), "ö".repeat(128), "a\0b"];
  it.each(badIds.map((streamId) => [nameInWords(streamId), streamId] as const))(
    "is refused: a stream id such as %s",
    async (name, streamId) => {
      story({
        when: `an event is appended to the stream ${name}`,
        wanted: "an InvalidStreamId (assertStreamId), before the database is asked",
      });
      const store = makeStore();
      const answer = await answerTo(store.append(streamId, [newEvent(created)], "any"));
      expect(answer).toBe(`InvalidStreamId: ${name}`);
      expect(await storedIn(store), "all that is stored").toEqual([]);
    },
  );

  it.each([-1, 1.5, Number.NaN, 2 ** 53])("is refused: version %s", async (version) => {
    story({
      when: `an event is appended, expecting ${version}`,
      wanted: "an InvalidVersion (assertVersion), before the database is asked",
      costs: "the writer's own bug looks like a conflict, and it tries again for ever",
    });
    const store = makeStore();
    const answer = await answerTo(store.append(stream, [newEvent(created)], version));
    expect(answer).toBe(`InvalidVersion: ${version}`);
    expect(await storedIn(store), "all that is stored").toEqual([]);
  });

  it("ends at the limits: they are stored", async () => {
    story({
      when: "an event of almost 1 MiB is appended to a stream with a name of 254 bytes",
      wanted: "both are stored, and come back",
      costs: "a group's booking with 4,000 names is refused, and nobody can say why",
    });
    const store = makeStore();
    const event = holding({ text: "x".repeat(1024 * 1024 - 30) });
    await store.append("ö".repeat(127), [event], 0);
    await store.append("ö".repeat(127), [newEvent(created)], 1);
    const [stored] = await collect(store.readStream("ö".repeat(127)));
    const text = String(Reflect.get(Object(stored?.data), "text"));
    expect({ characters: text.length, "other than x": text.replaceAll("x", "") }).toEqual({
      characters: 1024 * 1024 - 30,
      "other than x": "",
    });
  });
}

/** All that is stored after a refusal: nothing. */
async function storedIn(store: EventStore): Promise<readonly string[]> {
  return (await collect(store.readAll())).map(({ version, type }) => `v${version} ${type}`);
}

function holding(data: object): NewEvent {
  return newEvent({ type: "Tried", data });
}
