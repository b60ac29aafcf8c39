import { describe, expect } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { endsOf, excesses } from "../../shared/testing/booking-judge.ts";
import {
  chainInWords,
  chains,
  deliverAgain,
  live,
  type Parts,
  turns,
} from "../../shared/testing/booking-world.ts";
import { inWords, storedIn } from "../../shared/testing/bookings.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { chronicle } from "../../shared/testing/interleaving.ts";
import { law } from "../../shared/testing/law.ts";
import { costs } from "../../shared/testing/story.ts";
import { commandFor } from "./booking-command.ts";
import { evolve, initialState } from "./booking-saga.ts";
import type { BookingEvent } from "./booking-types.ts";
import { handleEvent, handleInput } from "./inbox.ts";
import { dispatch } from "./outbox.ts";

const parts: Parts = { handleEvent, handleInput, dispatch };

/** The events of the bookings, stream by stream. */
function bookingsIn(
  events: readonly EventEnvelope[],
): readonly (readonly EventEnvelope<BookingEvent>[])[] {
  const streams = new Map<string, EventEnvelope<BookingEvent>[]>();
  for (const event of events) {
    if (!event.streamId.startsWith("booking-")) continue;
    const stream = streams.get(event.streamId) ?? [];
    streams.set(event.streamId, [...stream, event as EventEnvelope<BookingEvent>]);
  }
  return [...streams.values()];
}

describe("bookings in any order of events", () => {
  costs(
    "a guest has paid for a room that nobody holds, or the last room is held by nobody, for ever",
  );
  const happened = chronicle();

  law(
    "conserved",
    "delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
    {
      // The chain shrinks first: with one booking less there is less to tell.
      given: [chains, turns],
      seed: 12,
      runs: 250,
      async holds(chain, turns) {
        const store = await live(parts, chain, turns, happened.begin([chain, turns]));
        const { actual, wanted } = await endsOf(store);
        expect(actual, "where each booking has ended").toEqual(wanted);
        expect(await excesses(store), "rooms or credit beyond what there is").toEqual([]);
      },
      story: (chain, turns) => ({
        given: chainInWords(chain),
        when: happened.of([chain, turns]),
        wanted:
          "each reservation is confirmed, its room held and its guest charged, or it is cancelled, with no room and no charge; no night is oversold, and no credit below 0, at any moment",
      }),
    },
  );

  law("replayed", "replayed from their streams send nothing", {
    given: [chains, turns],
    seed: 12,
    runs: 60,
    async holds(chain, turns) {
      const store = await live(parts, chain, turns, happened.begin([chain, turns]));
      const before = await storedIn(store);
      for (const stream of bookingsIn(before)) {
        const replay = () => deepFreeze(stream).reduce(evolve, initialState);
        expect(replay(), `${stream[0]?.streamId}, replayed twice`).toEqual(replay());
        const sent = () => stream.map((event) => commandFor(deepFreeze(event)));
        expect(sent(), "the commands of its events, worked out twice").toEqual(sent());
      }
      await deliverAgain(parts, store);
      const more = (await storedIn(store)).slice(before.length).map(inWords);
      expect(more, "what is new after everything came once more").toEqual([]);
    },
    story: (chain, turns) => ({
      given: chainInWords(chain),
      when: [...happened.of([chain, turns]), "then every event of the store comes once more"],
      wanted: "the same states, the same commands, and no new event in any stream",
    }),
  });
});
