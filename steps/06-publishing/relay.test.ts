import { describe, expect, it } from "vitest";
import { useBroker } from "../../shared/testing/broker.ts";
import { checkedOut } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { namesOf, stateOf, useRelays } from "../../shared/testing/relays.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { notifying } from "./notifying.ts";
import { startRelay } from "./relay.ts";

const aMinute = 60_000;
const database = useDatabase(6);
const { addQueue, append, connections, errors, reader, start, until, untilActive, untilOnTheBus } =
  useRelays(startRelay, database, useBroker());

describe("a relay", () => {
  costs("the guest has cancelled, the store knows it, and housekeeping makes up the room");

  it("brings what is stored to the bus, each stream in its order", async () => {
    story({
      given: "reservation-1 v1 to v3 and reservation-2 v1 are stored, and a queue is bound",
      when: "a relay starts",
      wanted: "the queue gets all four events, reservation-1 as v1, v2, v3",
    });
    const queue = await addQueue();
    await append("reservation-1", "A", "B", "C");
    await append("reservation-2", "A");

    start();
    const read = reader(queue);
    await untilOnTheBus(
      async () => [...(await read())].sort(),
      ["reservation-1 v1", "reservation-1 v2", "reservation-1 v3", "reservation-2 v1"],
    );

    const ofOneStream = (await read()).filter((event) => event.startsWith("reservation-1"));
    expect(ofOneStream, "a stream's events in the order of the bus").toEqual([
      "reservation-1 v1",
      "reservation-1 v2",
      "reservation-1 v3",
    ]);
  });

  it("goes on where the one before it stopped", async () => {
    story({
      given: "a relay has published reservation-1 v1 and was stopped; then v2 is appended",
      when: "another relay of the same name starts",
      wanted: "it publishes reservation-1 v2, and v1 no second time",
      costs: "with each deployment the whole store is published again, and nothing new for hours",
    });
    const queue = await addQueue();
    await append("reservation-1", "A");
    const first = start();
    const published = reader(queue);
    await untilOnTheBus(published, ["reservation-1 v1"]);
    await first.stop();
    await append("reservation-1", "B");

    start();

    await untilOnTheBus(reader(queue), ["reservation-1 v2"]);
  });

  it("never publishes what was rolled back", async () => {
    story({
      given: "a relay runs; an open transaction has appended reservation-1 v1",
      when: "reservation-2 v1 is appended, then the transaction is rolled back",
      wanted: "reservation-2 v1 alone is published",
      costs: "a guest gets the confirmation of a reservation that was rolled back",
    });
    const queue = await addQueue();
    start();
    const transaction = await database.pool.connect();
    await transaction.query("begin");
    const store = notifying(postgresEventStore(transaction), database.pool);
    await store.append("reservation-1", [newEvent({ type: "A", data: {} })], "any");
    await append("reservation-2", "A");
    await transaction.query("rollback");
    transaction.release();

    await untilOnTheBus(reader(queue), ["reservation-2 v1"]);
  });

  it("is woken by a notification", async () => {
    story({
      given: "a relay has nothing to do, and polls once a minute",
      when: "reservation-1 v1, v2 and v3 are appended to a store that notifies",
      wanted: "all three are published within seconds: the bell wakes it each time",
      costs: "each booking is known to the hotel a polling interval after the guest's mail",
    });
    const queue = await addQueue();
    const relay = start({ pollEvery: aMinute });
    await untilActive(relay);
    const store = notifying(postgresEventStore(database.pool), database.pool);
    const read = reader(queue);

    for (const type of ["A", "B", "C"]) {
      await store.append("reservation-1", [newEvent({ type, data: {} })], "any");
    }

    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2", "reservation-1 v3"]);
  });

  it("finds by polling what nobody notified it of", async () => {
    story({
      given: "a relay has nothing to do, and polls each 20 ms",
      when: "reservation-1 v1, and later v2, are appended to a store that does not notify",
      wanted: "both are published: each wait ends by itself",
      costs: "one lost notification, and an event stays unpublished until the next append",
    });
    const queue = await addQueue();
    const relay = start({ pollEvery: 20 });
    await untilActive(relay);
    const read = reader(queue);

    await append("reservation-1", "A");
    await untilOnTheBus(read, ["reservation-1 v1"]);
    await append("reservation-1", "B");

    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2"]);
  });

  it("keeps an event that no queue is bound for until one is", async () => {
    story({
      given: "reservation-1 v1 and v2 are stored, and no queue is bound",
      when: "a relay starts; once it has reported PublishFailed, a queue is bound",
      wanted: "the queue gets v1 and v2",
      costs: "a day without the subscriber's queue, and the events of that day are nowhere",
    });
    await append("reservation-1", "A", "B");
    start();
    await until("what the relay reports", () => namesOf(errors), ["PublishFailed"]);

    const queue = await addQueue();

    await untilOnTheBus(reader(queue), ["reservation-1 v1", "reservation-1 v2"]);
  });

  it("keeps the order when a full queue refuses events", async () => {
    story({
      given: "reservation-1 v1 to v6 are stored; the queue holds 2 messages, and refuses more",
      when: "a relay starts; once it has reported PublishFailed, the queue is emptied bit by bit",
      wanted: "v1 to v6 come out of the queue in this order, and each of them does come",
      costs: "on the busiest evening a stay is cancelled on the bus, and confirmed after that",
    });
    const queue = await addQueue({ "x-max-length": 2, "x-overflow": "reject-publish" });
    await append("reservation-1", "A", "B", "C", "D", "E", "F");
    start();
    await until("what the relay reports", () => namesOf(errors), ["PublishFailed"]);

    await untilOnTheBus(
      reader(queue),
      [1, 2, 3, 4, 5, 6].map((version) => `reservation-1 v${version}`),
    );
  });

  it("stops with nothing left behind", async () => {
    story({
      given: "a relay has published reservation-1 v1, and waits for more",
      when: "it is stopped",
      wanted: "stop() ends; no connection of the relay is open any more, and no lock is held",
      costs: "a deployment waits for a relay that does not end, and none has taken over",
    });
    const queue = await addQueue();
    const pool = database.newPool();
    await append("reservation-1", "A");
    const relay = start({ pool });
    await untilOnTheBus(reader(queue), ["reservation-1 v1"]);
    const closed = new Promise<void>((resolve) => connections[0]?.once("close", () => resolve()));

    await soon(relay.stop(), "stop() does not end");

    await soon(closed, "the relay has stopped, and its connection to the broker is open");
    expect(stateOf(relay), "the relay that has stopped").toBe("not active");
    expect(checkedOut(pool), "database connections that it holds").toBe(0);
    const locks = async (): Promise<number | null> => {
      const { rowCount } = await database.pool.query(
        `select from pg_locks join pg_database on pg_database.oid = pg_locks.database
          where locktype = 'advisory' and datname = current_database()`,
      );
      return rowCount;
    };
    await until("locks that it holds", locks, 0);
  });
});
