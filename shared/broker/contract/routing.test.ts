import { describe, expect } from "vitest";
import { type Broker, contract } from "./contract.ts";
import { docs, spec } from "./sources.ts";
import { drain, publish } from "./traffic.ts";

const behaviour = await contract();

/** Which of the keys a queue gets that is bound with the pattern. */
async function matching(broker: Broker, pattern: string, keys: readonly string[]) {
  const channel = await broker.openChannel();
  const exchange = await broker.exchange(channel, "topic");
  const queue = await broker.queue(channel, `letters for ${pattern}`);
  await channel.bindQueue(queue, exchange, pattern);
  for (const key of keys) await publish(channel, exchange, key, key);
  return drain(channel, queue);
}

describe("a topic exchange", () => {
  behaviour("takes * for exactly one word", spec("3.1.3.3"), async (broker) => {
    const keys = ["hotel.room", "hotel.room.booked", "hotel.bar.booked", "hotel.booked", "hotel"];

    const matched = await matching(broker, "hotel.*.booked", keys);

    expect(matched).toEqual(["hotel.room.booked", "hotel.bar.booked"]);
  });

  behaviour("takes # for any number of words, also none", spec("3.1.3.3"), async (broker) => {
    const keys = ["hotel", "hotel.room", "hotel.room.booked", "hotels", "my.hotel"];

    const matched = await matching(broker, "hotel.#", keys);

    expect(matched).toEqual(["hotel", "hotel.room", "hotel.room.booked"]);
  });

  behaviour("takes # alone for every key, also the empty one", spec("3.1.3.3"), async (broker) => {
    const keys = ["", "hotel", "hotel.room", "..."];

    expect(await matching(broker, "#", keys)).toEqual(keys);
  });

  behaviour("takes # in the middle for words between", spec("3.1.3.3"), async (broker) => {
    const keys = ["a.z", "a.b.z", "a.b.z.c.z", "a.b", "z", "a.z.b"];

    expect(await matching(broker, "a.#.z", keys)).toEqual(["a.z", "a.b.z", "a.b.z.c.z"]);
  });

  behaviour("takes *.# for at least one word", spec("3.1.3.3"), async (broker) => {
    const keys = ["hotel", "hotel.room", "hotel.room.booked"];

    expect(await matching(broker, "*.#", keys)).toEqual(keys);
  });

  behaviour("finds no word in the empty key", spec("3.1.3.3"), async (broker) => {
    expect(await matching(broker, "*", ["", "hotel"])).toEqual(["hotel"]);
    expect(await matching(broker, "", ["", "hotel"])).toEqual([""]);
  });

  behaviour(
    "counts what is between two dots as a word, also nothing",
    spec("3.1.3.3"),
    async (broker) => {
      const keys = ["hotel.", "hotel..booked", "hotel.room", ".room", "hotel"];

      expect(await matching(broker, "hotel.*", keys)).toEqual(["hotel.", "hotel.room"]);
    },
  );

  behaviour("takes a * or # inside a word as it is", spec("3.1.3.3"), async (broker) => {
    const keys = ["room*", "rooms", "room*.1", "room#"];

    expect(await matching(broker, "room*", keys)).toEqual(["room*"]);
  });

  behaviour("compares keys with their case", spec("3.1.3.3"), async (broker) => {
    expect(await matching(broker, "Hotel.#", ["hotel.room", "Hotel.room"])).toEqual(["Hotel.room"]);
  });

  behaviour("keeps patterns of one queue apart", spec("3.1.3.3"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "topic");
    const queue = await broker.queue(channel, "letters");
    await channel.bindQueue(queue, exchange, "*.booked");
    await channel.bindQueue(queue, exchange, "room.*");
    await channel.unbindQueue(queue, exchange, "*.booked");

    for (const key of ["bar.booked", "room.booked"]) await publish(channel, exchange, key, key);

    expect(await drain(channel, queue)).toEqual(["room.booked"]);
  });
});

/** Which of the messages' headers a queue gets that is bound with the arguments. */
async function withHeaders(
  broker: Broker,
  wanted: Readonly<Record<string, unknown>>,
  messages: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
) {
  const channel = await broker.openChannel();
  const exchange = await broker.exchange(channel, "headers");
  const queue = await broker.queue(channel, "letters");
  await channel.bindQueue(queue, exchange, "", wanted);
  for (const [content, headers] of Object.entries(messages)) {
    await publish(channel, exchange, "", content, { headers });
  }
  return drain(channel, queue);
}

const messages = {
  both: { city: "Bern", stars: 4, extra: true },
  city: { city: "Bern" },
  stars: { city: "Basel", stars: 4 },
  neither: { city: "Basel" },
  nothing: {},
};

describe("a headers exchange", () => {
  behaviour("asks for all headers", spec("3.1.3.4"), async (broker) => {
    const wanted = { "x-match": "all", city: "Bern", stars: 4 };

    expect(await withHeaders(broker, wanted, messages)).toEqual(["both"]);
  });

  behaviour("asks for all unless told otherwise", spec("3.1.3.4"), async (broker) => {
    expect(await withHeaders(broker, { city: "Bern", stars: 4 }, messages)).toEqual(["both"]);
  });

  behaviour("may ask for any header", spec("3.1.3.4"), async (broker) => {
    const wanted = { "x-match": "any", city: "Bern", stars: 4 };

    expect(await withHeaders(broker, wanted, messages)).toEqual(["both", "city", "stars"]);
  });

  behaviour(
    "leaves headers alone that begin with x-",
    docs("exchanges#headers"),
    async (broker) => {
      const wanted = { "x-match": "all", city: "Bern", "x-version": 2 };

      expect(await withHeaders(broker, wanted, messages)).toEqual(["both", "city"]);
    },
  );

  behaviour(
    "asks for the presence of a header without a value",
    spec("3.1.3.4"),
    async (broker) => {
      const wanted = { "x-match": "all", stars: null };

      expect(await withHeaders(broker, wanted, messages)).toEqual(["both", "stars"]);
    },
  );

  behaviour("compares values with their type", spec("3.1.3.4"), async (broker) => {
    const sent = { number: { stars: 4 }, text: { stars: "4" } };

    expect(await withHeaders(broker, { "x-match": "all", stars: "4" }, sent)).toEqual(["text"]);
  });

  behaviour("refuses a binding with another x-match", spec("3.1.3.4"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "headers");
    const queue = await broker.queue(channel, "letters");

    const bound = channel.bindQueue(queue, exchange, "", { "x-match": "some" });

    await expect(bound).rejects.toMatchObject({ code: 406 });
  });
});
