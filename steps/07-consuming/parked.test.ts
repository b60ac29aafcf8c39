import { describe, expect, it, vi } from "vitest";
import {
  deliveriesFrom,
  eventually,
  leftIn,
  numbered,
  useBus,
} from "../../shared/testing/consuming.ts";
import { attemptsOf } from "../../solutions/07-consuming/delivery.ts";
import { park, parkedHeaders, readParked, sendBackParked } from "./parked.ts";

const buses = useBus();

describe("a message that is parked", () => {
  it("keeps its content and says why it is there", async () => {
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

    expect(await readParked(channel, bus.queues.parked)).toEqual([
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
    expect(parked).toMatchObject({
      properties: { messageId: events[0]?.id, type: "ReservationConfirmed" },
    });
  });

  it("is gone from its queue", async () => {
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
    expect(await leftIn(bus)).toBe("nothing");
  });

  it("is not acknowledged when the parked queue did not take it", async () => {
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

    await expect(parking).rejects.toMatchObject({
      name: "QueueMissing",
      queue: bus.queues.parked,
    });
    expect(acknowledge).not.toHaveBeenCalled();
  });
});

describe("parked messages that are sent back", () => {
  const because = { reason: "attempts-used-up", error: new Error("away"), attempts: 3 } as const;

  it("are in their queue again, in order, with their attempts to be counted anew", async () => {
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
    expect(sent).toBe(3);
    expect(messages.map((message) => message.content.toString())).toEqual([
      "first",
      "second",
      "third",
    ]);
    expect(messages.map((message) => attemptsOf(message, bus.queues.queue))).toEqual([0, 0, 0]);
    expect(messages[0]?.properties.headers).toEqual({ origin: "test" });
  });

  it("are parked no more", async () => {
    const bus = await buses.open();
    const headers = parkedHeaders({ ...because, queues: bus.queues });
    await bus.send(bus.queues.parked, "first", headers);
    const channel = await bus.openChannel();

    const acknowledge = vi.spyOn(channel, "ack");

    await sendBackParked(channel, bus.queues.parked);

    expect(acknowledge).toHaveBeenCalledTimes(1);
    expect(await bus.count(bus.queues.parked)).toBe(0);
    expect(await bus.count(bus.queues.queue)).toBe(1);
  });

  it("stay parked when there is no queue to send them to", async () => {
    const bus = await buses.open();
    const gone = { ...bus.queues, queue: `${bus.queues.queue}.gone` };
    await bus.send(bus.queues.parked, "first", parkedHeaders({ ...because, queues: gone }));
    const channel = await bus.openChannel();

    const sending = sendBackParked(channel, bus.queues.parked);

    await expect(sending).rejects.toMatchObject({ name: "QueueMissing", queue: gone.queue });
    await channel.close();
    await eventually(() => bus.count(bus.queues.parked)).toBe(1);
  });

  it("are sent once each, also when they are parked again meanwhile", {
    timeout: 5000,
  }, async () => {
    const bus = await buses.open();
    // Sent back into the parked queue itself: what comes back comes back parked.
    const around = { ...bus.queues, queue: bus.queues.parked };
    for (const content of ["first", "second"]) {
      await bus.send(bus.queues.parked, content, parkedHeaders({ ...because, queues: around }));
    }

    expect(await sendBackParked(bus.channel, bus.queues.parked)).toBe(2);
    expect(await bus.count(bus.queues.parked)).toBe(2);
  });
});
