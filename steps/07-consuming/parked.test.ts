import { describe, expect, it, vi } from "vitest";
import {
  deliveriesFrom,
  leftIn,
  messagesIn,
  numbered,
  useBus,
} from "../../shared/testing/consuming.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { attemptsOf } from "../../solutions/07-consuming/delivery.ts";
import { park, parkedHeaders, readParked, sendBackParked } from "./parked.ts";

const buses = useBus();

describe("a message that is parked", () => {
  costs("somebody finds it, and can tell neither which booking it was nor why");

  it("keeps its content and says why it is there", async () => {
    story({
      given: "a message whose content is { this is no event",
      when: "it is parked as not-retryable, after 1 attempt, with a TypeError",
      wanted: "the parked queue has content, reason, error, attempts, origin, time",
    });
    const bus = await buses.open();
    await bus.send(bus.queues.queue, "{ this is no event");
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    await park(channel, message, {
      reason: "not-retryable",
      error: new TypeError("cannot be read"),
      attempts: 1,
      queues: bus.queues,
    });

    expect(await readParked(channel, bus.queues.parked), "what is parked").toEqual([
      {
        reason: "not-retryable",
        error: "TypeError: cannot be read",
        attempts: 1,
        from: bus.queues.queue,
        parkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        messageId: undefined,
        content: Buffer.from("{ this is no event"),
      },
    ]);
  });

  it("keeps what its sender said about it", async () => {
    story({
      given: "a message whose sender gave it a message id, and the type ReservationConfirmed",
      when: "it is parked",
      wanted: "it has that id and that type in the parked queue, too",
    });
    const bus = await buses.open();
    const events = numbered(1);
    await bus.publish(events);
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    const error = new Error("the database is away");
    await park(channel, message, {
      reason: "attempts-used-up",
      error,
      attempts: 3,
      queues: bus.queues,
    });

    const parked = await channel.get(bus.queues.parked);
    expect(parked, "what is parked").toMatchObject({
      properties: { messageId: events[0]?.id, type: "ReservationConfirmed" },
    });
  });

  it("keeps its sender's headers, beside those that say why it is parked", async () => {
    story({
      given: "a message whose sender gave it two headers: tenant and tax-id",
      when: "it is parked",
      wanted: "it has them in the parked queue, too, beside parked-reason and the others",
      costs: "sent back next week, it is handled for the wrong tenant, or for none",
    });
    const bus = await buses.open();
    await bus.send(bus.queues.queue, "{}", { tenant: "north", "tax-id": "DE-1" });
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    await park(channel, message, {
      reason: "attempts-used-up",
      error: new Error("the database is away"),
      attempts: 3,
      queues: bus.queues,
    });

    const parked = await channel.get(bus.queues.parked);
    expect(parked, "what is parked").toMatchObject({
      properties: {
        headers: { tenant: "north", "tax-id": "DE-1", "parked-reason": "attempts-used-up" },
      },
    });
  });

  it("is parked with the beginning of its error, however much that says", async () => {
    story({
      given: "version 1 of reservation-1, from its queue",
      when: "it is parked with an error of 200,000 characters, more than a header may have",
      wanted: "it is parked, and parkedHeaders (given) has kept the first 1,000 of them",
      costs: "the broker closes the channel, and the message comes again, round and round",
    });
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    await park(channel, message, {
      reason: "attempts-used-up",
      error: new Error("x".repeat(200_000)),
      attempts: 3,
      queues: bus.queues,
    });

    const errors = (await readParked(channel, bus.queues.parked)).map(({ error }) => error);
    expect(errors, "the errors of what is parked").toEqual([`Error: ${"x".repeat(993)}`]);
  });

  it("is gone from its queue", async () => {
    story({
      given: "version 1 of reservation-1, from its queue",
      when: "it is parked, and the channel is closed",
      wanted: "it was acked here: its queue delivers it no more",
      costs: "it is parked, and delivered and parked again at each restart",
    });
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    const error = new Error("the database is away");
    await park(channel, message, {
      reason: "attempts-used-up",
      error,
      attempts: 3,
      queues: bus.queues,
    });

    await channel.close();
    expect(await leftIn(bus), "what its queue delivers afterwards").toBe("nothing");
  });

  it("is not acknowledged when the parked queue did not take it", async () => {
    story({
      given: "version 1 of reservation-1; the parked queue has been deleted",
      when: "it is to be parked",
      wanted: "QueueMissing reaches the caller, and nothing is acked",
      costs: "acked here and parked nowhere: the last copy of the message is gone",
    });
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();
    await bus.channel.deleteQueue(bus.queues.parked);
    const acknowledge = vi.spyOn(channel, "ack");

    const error = new Error("the database is away");
    const parking = park(channel, message, {
      reason: "attempts-used-up",
      error,
      attempts: 3,
      queues: bus.queues,
    });

    await expect(parking, "what comes of park").rejects.toMatchObject({
      name: "QueueMissing",
      queue: bus.queues.parked,
    });
    expect(acknowledge.mock.calls.length, "acks").toBe(0);
  });
});

describe("parked messages that are sent back", () => {
  costs("the bug is mended, and 212 bookings are in no view, or gone for good");

  const because = { reason: "attempts-used-up", error: new Error("away"), attempts: 3 } as const;

  it("are in their queue again, in order, with their attempts to be counted anew", async () => {
    story({
      given: "first, second and third are parked, each after 3 attempts",
      when: "they are sent back",
      wanted:
        "they are in their queue, in that order, with 0 attempts, and of the headers with their sender's only",
    });
    const bus = await buses.open();
    const headers = parkedHeaders({ ...because, queues: bus.queues });
    const deaths = { "x-death": [{ queue: bus.queues.queue, reason: "rejected", count: 3 }] };
    for (const content of ["first", "second", "third"]) {
      await bus.send(bus.queues.parked, content, { ...headers, ...deaths, origin: "test" });
    }

    const sent = await sendBackParked(bus.channel, bus.queues.parked);

    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue, 3);
    const messages = [await deliveries.next(), await deliveries.next(), await deliveries.next()];
    expect(sent, "how many were sent").toBe(3);
    const contents = messages.map((message) => message.content.toString());
    expect(contents, "what the queue delivers").toEqual(["first", "second", "third"]);
    const attempts = messages.map((message) => attemptsOf(message, bus.queues.queue));
    expect(attempts, "the attempts of each").toEqual([0, 0, 0]);
    expect(messages[0]?.properties.headers, "the first one's headers").toEqual({ origin: "test" });
  });

  it("are parked no more", async () => {
    story({
      given: "one message is parked",
      when: "it is sent back",
      wanted: "one ack; it is in its queue, and the parked queue is empty",
      costs: "each call sends the same message once more, and the alarm never ends",
    });
    const bus = await buses.open();
    const headers = parkedHeaders({ ...because, queues: bus.queues });
    await bus.send(bus.queues.parked, "first", headers);
    const channel = await bus.openChannel();
    const acknowledge = vi.spyOn(channel, "ack");

    await sendBackParked(channel, bus.queues.parked);

    expect(acknowledge.mock.calls.length, "acks").toBe(1);
    expect(await messagesIn(bus), "messages").toMatchObject({
      "its own queue": 1,
      "the parked queue": 0,
    });
  });

  it("stay parked when there is no queue to send them to", async () => {
    story({
      given: "a message is parked that came from a queue that is no more",
      when: "it is to be sent back, and then the channel is closed",
      wanted: "QueueMissing reaches the caller, and the message is parked still",
    });
    const bus = await buses.open();
    const gone = { ...bus.queues, queue: `${bus.queues.queue}.gone` };
    await bus.send(bus.queues.parked, "first", parkedHeaders({ ...because, queues: gone }));
    const channel = await bus.openChannel();

    const sending = sendBackParked(channel, bus.queues.parked);

    await expect(sending, "what comes of sendBackParked").rejects.toMatchObject({
      name: "QueueMissing",
      queue: gone.queue,
    });
    await channel.close();
    await until("messages in the parked queue", () => bus.count(bus.queues.parked), 1);
  });

  it("are sent once each, also when they are parked again meanwhile", async () => {
    story({
      given: "first and second are parked, and came from the parked queue itself",
      when: "they are sent back, and so are parked again at once",
      wanted: "2 are sent, each once, and 2 are parked",
      costs: "the command never ends, and sends what fails round and round",
    });
    const bus = await buses.open();
    // Sent back into the parked queue itself: what comes back comes back parked.
    const around = { ...bus.queues, queue: bus.queues.parked };
    for (const content of ["first", "second"]) {
      await bus.send(bus.queues.parked, content, parkedHeaders({ ...because, queues: around }));
    }

    const sending = sendBackParked(bus.channel, bus.queues.parked);

    const forEver = "what was sent back is parked again and sent back again, for ever";
    expect(await soon(sending, forEver), "how many were sent").toBe(2);
    expect(await bus.count(bus.queues.parked), "messages in the parked queue").toBe(2);
  });
});
