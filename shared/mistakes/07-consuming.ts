/** Mistakes at the other end of the bus: a message that is gone before its effect is there, or that never goes. */

import type { Mistake } from "./mistake.ts";

const deliveries = ["delivery.test.ts", "attempts.test.ts", "parked.test.ts"];
const partitions = ["partition.test.ts"];

export const consumingMistakes: readonly Mistake[] = [
  {
    id: "acks-by-itself",
    title: "lets the broker forget a message as soon as it has sent it",
    file: "partition.ts",
    find: `      .catch((error: unknown) => lose(error));
  });`,
    replace: `      .catch((error: unknown) => lose(error));
  }, { noAck: true });`,
    triedBy: partitions,
    caughtBy: [
      "a partition's messages › go on after one that has failed",
      "a partition's messages › are delivered again when the channel is lost before they are acknowledged",
      "a consumer that is drained › ends the message in hand, leaves the others, and has nothing delivered twice",
      "a consumer that is drained › holds the queue until the message in hand is done",
    ],
    perhapsAlso: [
      "a partition's messages › are handled one after another, in order",
      "a partition's messages › stay with the broker, but for a bounded few that are fetched ahead",
    ],
    whatItCostsInProduction:
      "A deployment ended a process that had 2,000 messages in its memory and none in the broker any more. The board showed 140 rooms as free that were taken, and four of them were sold again before noon.",
  },
  {
    id: "acks-before-the-work",
    title: "acknowledges a message before it is handled",
    edits: [
      {
        file: "delivery.ts",
        find: `  try {
    await handle(decodeEvent(message.content));`,
        replace: `  channel.ack(message);
  try {
    await handle(decodeEvent(message.content));`,
      },
      {
        file: "delivery.ts",
        find: `  channel.ack(message);
  return "handled";`,
        replace: `  return "handled";`,
      },
    ],
    triedBy: deliveries,
    caughtBy: [
      "a message that is handled › is acknowledged when its effect is safe, not before",
      "a message whose handling fails › waits in the retry queue, not at the head of its own",
      "a message whose handling fails › waits there alone: another one that is in hand stays in hand",
      "a message whose handling fails › comes back after the delay and can be handled then",
      "a message whose handling fails › is parked at the last attempt",
      "an acknowledgement that cannot be sent › is no failed attempt: the error goes to the caller",
    ],
    whatItCostsInProduction:
      "The process was killed 8 ms after the ack and 3 ms before the commit, by a memory limit, four times an hour. Every crash cost one event, so 96 a day, and no log has ever mentioned one of them.",
  },
  {
    id: "requeues-in-a-hot-loop",
    title: "gives a message that failed back to the head of its queue, at once",
    file: "delivery.ts",
    find: "channel.nack(message, false, false);",
    replace: "channel.nack(message, false, true);",
    triedBy: deliveries,
    caughtBy: [
      "a message whose handling fails › waits in the retry queue, not at the head of its own",
      "a message whose handling fails › waits there alone: another one that is in hand stays in hand",
      "a message whose handling fails › is parked at the last attempt",
    ],
    whatItCostsInProduction:
      "One event with a bug came back 3,100 times a second, and all behind it waited. The disk of the log server was full after 50 minutes, and that was what rang somebody out of bed.",
    seenIn: "https://github.com/rabbitmq/rabbitmq-server/issues/1020",
  },
  {
    id: "never-gives-up",
    title: "tries a message again for ever, and never parks it",
    file: "delivery.ts",
    find: "if (retryingHelps(error) && attempts < maxAttempts) {",
    replace: "if (retryingHelps(error)) {",
    triedBy: deliveries,
    caughtBy: ["a message whose handling fails › is parked at the last attempt"],
    whatItCostsInProduction:
      "A hotel was removed from the master data, and each of its 700 events was tried once a second, for a month. Their 60 million attempts cost 4,000 euros of computing time and were found in the invoice.",
  },
  {
    id: "counts-deaths-of-other-queues",
    title: "counts as an attempt whatever has happened to the message anywhere",
    file: "delivery.ts",
    find: `  const rejected = deaths.find((death) => death.queue === queue && death.reason === "rejected");
  return rejected?.count ?? 0;`,
    replace: "  return deaths.reduce((sum, death) => sum + death.count, 0);",
    triedBy: deliveries,
    caughtBy: [
      "the attempts of a message › are as many as its queue has rejected it",
      "the attempts of a message › do not count what happened to it in another queue, or for another reason",
      "a message whose handling fails › is parked at the last attempt",
    ],
    whatItCostsInProduction:
      "Each retry died twice, once rejected and once by its time to live, so five attempts were three. A restart of the database that took four seconds parked 900 messages, which one person sent back by hand.",
  },
  {
    id: "drops-what-it-cannot-read",
    title: "acknowledges a message that it cannot read, and says nothing",
    file: "delivery.ts",
    find: `  } catch (error) {
    const attempts`,
    replace: `  } catch (error) {
    if (error instanceof MalformedMessage) {
      channel.ack(message);
      return "handled";
    }
    const attempts`,
    triedBy: deliveries,
    caughtBy: ["a message that no retry can help › is parked, not dropped, when it cannot be read"],
    whatItCostsInProduction:
      "The publisher's new version wrote a date with a comma, and for two days everything that it wrote was acknowledged and thrown away. 5,600 events, and the queue was always empty, which looked like excellent health.",
  },
  {
    id: "takes-a-lost-ack-for-a-failure",
    title: "counts an ack that could not be sent as a failed attempt",
    edits: [
      {
        file: "delivery.ts",
        find: `    await handle(decodeEvent(message.content));
`,
        replace: `    await handle(decodeEvent(message.content));
    channel.ack(message);
`,
      },
      {
        file: "delivery.ts",
        find: `  channel.ack(message);
  return "handled";`,
        replace: `  return "handled";`,
      },
    ],
    triedBy: deliveries,
    caughtBy: [
      "an acknowledgement that cannot be sent › is no failed attempt: the error goes to the caller",
    ],
    whatItCostsInProduction:
      "The channel was gone, so the ack failed, so the code tried to reject on the same dead channel, and threw from within its catch. The subscriber hung with an unhandled rejection in 1 of 40 reconnects, and only a restart helped.",
  },
  {
    id: "acks-before-it-is-parked",
    title: "acknowledges a message before the parked queue has it",
    file: "parked.ts",
    find: `  const { headers, ...properties } = ownProperties(message);
`,
    replace: `  channel.ack(message);
  const { headers, ...properties } = ownProperties(message);
`,
    triedBy: deliveries,
    caughtBy: [
      "a message that is parked › keeps its content and says why it is there",
      "a message that is parked › keeps what its sender said about it",
      "a message that is parked › keeps its sender's headers, beside those that say why it is parked",
      "a message that is parked › is parked with the beginning of its error, however much that says",
      "a message that is parked › is not acknowledged when the parked queue did not take it",
    ],
    whatItCostsInProduction:
      "Somebody had deleted the parked queue to empty it, and from then on parking meant forgetting. The 38 messages that were most in need of a person were the only ones that nobody could find again.",
  },
  {
    id: "sends-back-with-old-attempts",
    title: "sends a parked message back with all that had happened to it",
    file: "parked.ts",
    find: "await sendConfirmed(channel, from, message.content, ownProperties(message));",
    replace: "await sendConfirmed(channel, from, message.content, message.properties);",
    triedBy: deliveries,
    caughtBy: [
      "parked messages that are sent back › are in their queue again, in order, with their attempts to be counted anew",
    ],
    whatItCostsInProduction:
      "The bug was mended, 900 messages were sent back, and after their first failure each was parked again, because its attempts had been used up last week. The operator did so three times before she called the developers.",
  },
  {
    id: "crashes-at-a-cancelled-consumer",
    title: "does not expect the null that says that the consumer was cancelled",
    file: "partition.ts",
    find: `    if (message === null) {
      lose(new Error(\`The broker cancelled the consumer of \${queues.queue}.\`));
      return;
    }
    inHand = inHand
      .then(() => (signal.aborted ? undefined : deliver(message)))`,
    replace: `    inHand = inHand
      .then(() => (signal.aborted ? undefined : deliver(message as ConsumeMessage)))`,
    triedBy: partitions,
    caughtBy: ["a consumer that the broker cancels › says that it is lost, and does not crash"],
    whatItCostsInProduction:
      "A node of the cluster was replaced, every consumer got its null, and `Cannot read properties of null` was all that the log said. 16 processes ran on without consuming anything, healthy in every dashboard, from 22:00 to 07:30.",
    seenIn: "https://github.com/amqp-node/amqplib/issues/176",
  },
  {
    id: "fetches-without-a-bound",
    title: "lets the broker send all that it has",
    file: "partition.ts",
    find: "  await channel.prefetch(prefetch);\n",
    replace: "",
    triedBy: partitions,
    caughtBy: [
      "a partition's messages › stay with the broker, but for a bounded few that are fetched ahead",
    ],
    whatItCostsInProduction:
      "After a weekend 400,000 messages were waiting, and the first process to start got all of them at once. It ran out of memory, the next one got them, and so on through all eight, for two hours.",
    seenIn: "https://github.com/amqp-node/amqplib/issues/522",
  },
  {
    id: "handles-side-by-side",
    title: "handles the messages of a partition side by side",
    file: "partition.ts",
    find: `    inHand = inHand
      .then(() => (signal.aborted ? undefined : deliver(message)))`,
    replace: `    inHand = Promise.resolve()
      .then(() => (signal.aborted ? undefined : deliver(message)))`,
    triedBy: partitions,
    caughtBy: [
      "a partition's messages › are handled one after another, in order",
      "a partition's messages › are not begun any more once the channel is lost",
      "a consumer that is drained › ends the message in hand, leaves the others, and has nothing delivered twice",
      "a consumer that is drained › holds the queue until the message in hand is done",
    ],
    perhapsAlso: [
      "a message that ends each process that handles it › is parked at last, and those behind it are handled",
    ],
    whatItCostsInProduction:
      "Twenty events at a time were quicker than one, and a cancellation overtook its confirmation whenever its row was smaller. 0.4 % of the reservations ended in a state that they had never been in.",
  },
  {
    id: "goes-on-after-the-end",
    title: "begins further messages after it was told to stop",
    file: "partition.ts",
    find: ".then(() => (signal.aborted ? undefined : deliver(message)))",
    replace: ".then(() => deliver(message))",
    triedBy: partitions,
    caughtBy: [
      "a partition's messages › are not begun any more once the channel is lost",
      "a consumer that is drained › ends the message in hand, leaves the others, and has nothing delivered twice",
      "a consumer that is drained › holds the queue until the message in hand is done",
    ],
    whatItCostsInProduction:
      "A stop waited for the 20 messages that had been fetched, four seconds each, and the platform killed the process after 30. So each deployment broke off a message in the middle, and began 19 that the next process had begun, too.",
  },
  {
    id: "closes-with-a-message-in-hand",
    title: "closes the channel while a message is still being handled",
    file: "partition.ts",
    find: `      await inHand;
      await closeQuietly(channel);`,
    replace: `      await closeQuietly(channel);
      await inHand;`,
    triedBy: partitions,
    caughtBy: [
      "a consumer that is drained › ends the message in hand, leaves the others, and has nothing delivered twice",
      "a consumer that is drained › holds the queue until the message in hand is done",
    ],
    whatItCostsInProduction:
      "The effect was there, but its ack met a closed channel, so the next process did it all again. Each of 30 deployments a week charged up to 12 guests twice, until the tenth of them wrote to a newspaper.",
  },
  {
    id: "parks-without-the-senders-headers",
    title: "parks a message with headers of its own, and without the sender's",
    file: "parked.ts",
    find: "    headers: { ...headers, ...parkedHeaders(because) },\n",
    replace: "    headers: parkedHeaders(because),\n",
    triedBy: ["parked.test.ts"],
    caughtBy: [
      "a message that is parked › keeps its sender's headers, beside those that say why it is parked",
    ],
    whatItCostsInProduction:
      "85 bookings were parked on a Friday and sent back on Monday, without the header that said of which hotel chain they were. The handler took the default, and 85 guests got a mail from a hotel that they had never heard of.",
  },
];
