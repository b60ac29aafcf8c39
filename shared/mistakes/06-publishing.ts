/** Mistakes on the way to the bus: an event that is in the store and never arrives anywhere. */

import type { Mistake } from "./mistake.ts";

const order = ["commit-order.test.ts"];
const publishing = ["publisher.test.ts", "relay-batch.test.ts"];
const waiting = ["wake-up.test.ts"];

export const publishingMistakes: readonly Mistake[] = [
  {
    id: "moves-the-checkpoint-first",
    title: "moves the checkpoint before the broker has confirmed anything",
    file: "relay-batch.ts",
    find: `  const { confirmed, failure } = await publishBatch(
    channel,
    topology,
    events.map(({ event }) => event),
  );
  const last = events[confirmed - 1];
  if (!last) return { checkpoint: from, confirmed, failure };
  await moveCheckpoint(db, relay, from, last.checkpoint);
`,
    replace: `  const last = events.at(-1);
  if (!last) return { checkpoint: from, confirmed: 0, failure: undefined };
  await moveCheckpoint(db, relay, from, last.checkpoint);
  const { confirmed, failure } = await publishBatch(
    channel,
    topology,
    events.map(({ event }) => event),
  );
`,
    triedBy: publishing,
    caughtBy: [
      "relaying a batch › leaves the checkpoint where it is until the broker has confirmed",
      "relaying a batch › moves the checkpoint to before the first event that the broker refused",
      "relaying a batch › leaves the checkpoint when it is the first event that the broker refused",
      "relaying a batch › leaves the checkpoint when no queue wanted the events",
    ],
    whatItCostsInProduction:
      "A deployment killed the relay between checkpoint and broker, and 430 events were behind both. 12 hotels had no arrival list for guests who had paid, and the store swore that all of it had been published.",
  },
  {
    id: "moves-past-the-failure",
    title: "moves the checkpoint behind the whole batch, though an event of it was refused",
    file: "relay-batch.ts",
    find: "  const last = events[confirmed - 1];\n",
    replace: "  const last = events.at(-1);\n",
    triedBy: publishing,
    caughtBy: [
      "relaying a batch › moves the checkpoint to before the first event that the broker refused",
      "relaying a batch › leaves the checkpoint when it is the first event that the broker refused",
      "relaying a batch › leaves the checkpoint when no queue wanted the events",
    ],
    whatItCostsInProduction:
      "A queue was full for eleven seconds, and refused 3 of 500 events; the other 497 made the batch look fine. One of the three was a cancellation, and the room was kept for nobody, over New Year's Eve, at 890 euros.",
  },
  {
    id: "reads-by-position",
    title: "remembers the highest position that it has seen, and reads on from there",
    file: "commit-order.ts",
    find: `            where (transaction_id, position) > ($1::xid8, $2::bigint)
              and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
            order by transaction_id, position`,
    replace: `            where $1::xid8 is not null and position > $2::bigint
            order by position`,
    triedBy: order,
    caughtBy: [
      "reading in commit order › shows no event whose transaction is still open, and none that is rolled back",
      "an event that commits late › is lost to a reader by position, and not in commit order",
      "an event that commits late › is shown also when its position is before the checkpoint's",
      "an event that commits late › holds back what was committed behind it, and the gauge names who it is",
      "a page of a large store › is found by the index, without a look at the pages before it",
    ],
    whatItCostsInProduction:
      "A transaction took position 1, thought for 30 ms, and committed after position 2 had been read. Of 9 million events 1,206 were never seen by any reader, and each was found by a guest.",
    seenIn: "https://github.com/commanded/eventstore/issues/3",
  },
  {
    id: "keeps-the-position-alone",
    title: "reads up to the horizon, but keeps only a position for its checkpoint",
    file: "commit-order.ts",
    find: `            where (transaction_id, position) > ($1::xid8, $2::bigint)
              and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
            order by transaction_id, position`,
    replace: `            where $1::xid8 is not null and position > $2::bigint
              and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
            order by position`,
    triedBy: order,
    caughtBy: [
      "an event that commits late › is shown also when its position is before the checkpoint's",
      "a page of a large store › is found by the index, without a look at the pages before it",
    ],
    // Where transactions of others hold the horizon back, it is read in two goes.
    perhapsAlso: [
      "an event that commits late › comes after the event before it in its stream, whichever transaction is older",
    ],
    whatItCostsInProduction:
      "The team had read about late commits, had added the horizon, and slept well. An older transaction with the higher position committed first, so the younger one's event was behind the checkpoint for ever: 14 in a year, all on the busiest evenings.",
    seenIn: "https://github.com/event-driven-io/emmett/issues/336",
  },
  {
    id: "shows-what-may-still-be-joined",
    title: "reads in the order of transactions, but does not stop before one that is still open",
    file: "commit-order.ts",
    find: `              and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
`,
    replace: "",
    triedBy: order,
    caughtBy: [
      "reading in commit order › shows no event whose transaction is still open, and none that is rolled back",
      "an event that commits late › is lost to a reader by position, and not in commit order",
      "an event that commits late › holds back what was committed behind it, and the gauge names who it is",
    ],
    whatItCostsInProduction:
      "The night audit kept a transaction open for 40 seconds and then committed behind the relay's back. All 212 of its events were in the store, none was on the bus, and the morning's invoices lacked the minibar.",
    seenIn: "https://github.com/JasperFx/marten/issues/1629",
  },
  {
    id: "forgets-mandatory",
    title: "publishes without mandatory, so that a message without a queue is confirmed and gone",
    file: "publisher.ts",
    find: "const safely = { ...options, persistent: true, mandatory: true };",
    replace: "const safely = { ...options, persistent: true };",
    triedBy: publishing,
    caughtBy: [
      "an event on its way to the broker › is asked to survive the broker's restart, and to come back when no queue wants it",
      "an event on its way to the broker › is not published when no queue is bound for it, though it is confirmed",
      "an event on its way to the broker › can be published again after it came back",
      "a batch on its way to the broker › keeps back what follows a refused event in its stream",
      "relaying a batch › leaves the checkpoint when no queue wanted the events",
    ],
    whatItCostsInProduction:
      "Somebody renamed a queue and bound it ten minutes later. The broker confirmed 3,300 events into the void meanwhile, because a confirm says `I have dealt with it`, and throwing away is one way to deal with it.",
    seenIn: "https://github.com/SpinGo/op-rabbit/issues/83",
  },
  {
    id: "forgets-persistent",
    title: "publishes messages that live in the broker's memory alone",
    file: "publisher.ts",
    find: "const safely = { ...options, persistent: true, mandatory: true };",
    replace: "const safely = { ...options, mandatory: true };",
    triedBy: publishing,
    caughtBy: [
      "an event on its way to the broker › is asked to survive the broker's restart, and to come back when no queue wants it",
    ],
    whatItCostsInProduction:
      "The broker was patched on a Sunday, restarted in 20 seconds, and had forgotten 8,100 confirmed messages. The relay would have had them still, but its checkpoint said that they were somebody else's now.",
  },
  {
    id: "ignores-the-nack",
    title: "takes every answer of the broker for a yes",
    file: "publisher.ts",
    find: `      if (error) reject(new PublishFailed(event, "refused", error));
      else if (wasReturned)`,
    replace: "      if (wasReturned)",
    triedBy: publishing,
    caughtBy: [
      "an event on its way to the broker › is not published when the broker refuses it",
      "a batch on its way to the broker › counts what is confirmed from its start, up to the first failure",
      "relaying a batch › moves the checkpoint to before the first event that the broker refused",
      "relaying a batch › leaves the checkpoint when it is the first event that the broker refused",
    ],
    whatItCostsInProduction:
      "The callback of a confirm has an error as its first parameter, and nobody looked at it. When a disk of the cluster was full the relay went on at 4,000 events a second, faster than ever, for a quarter of an hour.",
  },
  {
    id: "trusts-what-is-sent",
    title: "counts an event as published once it is written to the socket",
    file: "publisher.ts",
    find: "    channel.publish(topology.exchange, key, encodeEvent(event), safely, settle);\n",
    replace: `    channel.publish(topology.exchange, key, encodeEvent(event), safely, settle);
    resolve();
`,
    triedBy: publishing,
    caughtBy: [
      "an event on its way to the broker › is published only when the broker has confirmed it",
      "a batch on its way to the broker › sends a stream's next event when the one before it is confirmed",
      "relaying a batch › leaves the checkpoint where it is until the broker has confirmed",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "A load balancer dropped connections that were quiet for 60 seconds, and the first events after a pause went into a socket that nobody read. They were 2 or 3 each time, ten times a night.",
  },
  {
    id: "sends-a-stream-at-once",
    title: "has all events of a stream on their way at once",
    file: "publisher.ts",
    find: `      const published = before
        ? before.then(() => publishEvent(channel, topology, event))
        : publishEvent(channel, topology, event);`,
    replace: "      const published = publishEvent(channel, topology, event);",
    triedBy: publishing,
    caughtBy: [
      "a batch on its way to the broker › has one event of each stream in flight at once",
      "a batch on its way to the broker › sends a stream's next event when the one before it is confirmed",
      "a batch on its way to the broker › keeps back what follows a refused event in its stream",
    ],
    whatItCostsInProduction:
      "A full queue refused ReservationCreated and had room again for ReservationConfirmed. The read model met a confirmation of nothing, 90 times in one evening, and stopped at each.",
  },
  {
    id: "counts-every-confirm",
    title: "counts what is confirmed anywhere in the batch, with a gap in it",
    file: "publisher.ts",
    find: "  return { confirmed, failure: first.reason };\n",
    replace: `  const fulfilled = settled.filter(({ status }) => status === "fulfilled");
  return { confirmed: fulfilled.length, failure: first.reason };
`,
    triedBy: publishing,
    caughtBy: [
      "a batch on its way to the broker › counts what is confirmed from its start, up to the first failure",
      "a batch on its way to the broker › keeps back what follows a refused event in its stream",
      "relaying a batch › moves the checkpoint to before the first event that the broker refused",
      "relaying a batch › leaves the checkpoint when it is the first event that the broker refused",
    ],
    whatItCostsInProduction:
      "Event 2 of 500 was refused, 499 were confirmed, so the checkpoint moved to event 499. Event 2 has never been published, and event 500 was published twice, which everybody noticed and nobody minded.",
  },
  {
    id: "trusts-the-bell",
    title: "waits for a notification, and for nothing else",
    file: "wake-up.ts",
    find: `    const timer = setTimeout(done, atMost);
    const forget = bell.onRing(done);`,
    replace: `    const timer = undefined;
    const forget = bell.onRing(done);`,
    triedBy: waiting,
    caughtBy: [
      "waiting for work › ends after its time when nobody rings",
      "waiting for work › leaves no timer and no listener behind",
      "a listener for events › waits no longer than it is asked to, and no longer than its interval",
    ],
    whatItCostsInProduction:
      "At 02:10 the listener reconnected, and the one notification of that second was heard by nobody. The next append came at 05:48, and until then 3 hours and 38 minutes of a quiet night were not published.",
  },
  {
    id: "sleeps-through-an-early-ring",
    title: "forgets a ring that came while it was at work",
    file: "wake-up.ts",
    find: "  if (bell.take()) return Promise.resolve();\n",
    replace: "",
    triedBy: waiting,
    caughtBy: [
      "waiting for work › ends at once when the bell rang before",
      "waiting for work › ends at once when the bell rang since the wait before",
    ],
    whatItCostsInProduction:
      "An event that was appended while a batch was on its way waited for the next poll, a second later. p99 from command to read model went from 40 ms to 1,040, and guests pressed the button again.",
  },
  {
    id: "leaves-its-listener-behind",
    title: "leaves a listener on the bell after each wait",
    file: "wake-up.ts",
    find: "      forget();\n",
    replace: "",
    triedBy: waiting,
    caughtBy: [
      "waiting for work › ends at once when the bell rang since the wait before",
      "waiting for work › leaves no timer and no listener behind",
    ],
    whatItCostsInProduction:
      "Each wait left a listener, and each ring called all of them: 86,000 after a day of quiet polling. The relay took a whole core to do nothing, and was restarted every night at 03:00, by a calendar entry.",
  },
];
