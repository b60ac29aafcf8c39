import { describe, expect, it, vi } from "vitest";
import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import {
  type Bus,
  deliveriesFrom,
  gate,
  leftIn,
  messagesIn,
  numbered,
  useBus,
} from "../../shared/testing/consuming.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { readParked } from "../../solutions/07-consuming/parked.ts";
import { handleDelivery } from "./delivery.ts";

const buses = useBus();

function options(bus: Bus, handle: (event: EventEnvelope) => Promise<void>) {
  return { queues: bus.queues, handle, maxAttempts: 3, maxDeliveries: 10 };
}

async function unavailable(): Promise<void> {
  throw new Error("the database is away");
}

/** Every story here begins with this message, and two more attempts after the first. */
const given = "version 1 of reservation-1 comes from its queue, to be tried 3 times at the most";
const answer = "what handleDelivery answers";

describe("a message that is handled", () => {
  costs("acked on arrival, 1,400 confirmations were in memory only when the service restarted");

  it("reaches the handler as the event that was recorded, and is gone", async () => {
    story({
      given,
      when: "the handler takes the event",
      wanted: 'the answer "handled"; an ack, so that the broker forgets the message',
    });
    const bus = await buses.open();
    const events = numbered(1);
    await bus.publish(events);
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();
    const handled: EventEnvelope[] = [];

    const outcome = await handleDelivery(
      channel,
      message,
      options(bus, async (event) => void handled.push(event)),
    );

    await channel.close();
    expect(outcome, answer).toBe("handled");
    expect(handled, "what the handler was given").toEqual(events);
    expect(await leftIn(bus), "what the queue delivers afterwards").toBe("nothing");
  });

  it("is acknowledged when its effect is safe, not before", async () => {
    story({
      given,
      when: "the handler is still at work, and a moment later it is done",
      wanted: "no ack in between, one at the end",
    });
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();
    const acknowledge = vi.spyOn(channel, "ack");
    const effect = gate();

    const handling = handleDelivery(channel, message, options(bus, effect.pass));
    await Promise.race([effect.reached, handling]);
    const early = acknowledge.mock.calls.length;
    effect.open();
    await handling;

    const acks = { meanwhile: early, "in all": acknowledge.mock.calls.length };
    expect(acks, "acks").toEqual({ meanwhile: 0, "in all": 1 });
  });
});

describe("a message whose handling fails", () => {
  costs("it is back a millisecond later, 40,000 times a minute, until the log has filled the disk");

  it("waits in the retry queue, not at the head of its own", async () => {
    story({
      given,
      when: "the handler throws, at the first attempt",
      wanted: 'the answer "retried"; the message waits in the retry queue',
    });
    const bus = await buses.open({ retryDelay: 60_000 });
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    const outcome = await handleDelivery(channel, message, options(bus, unavailable));

    await channel.close();
    expect(outcome, answer).toBe("retried");
    await until("messages", () => messagesIn(bus), {
      "its own queue": 0,
      "the retry queue": 1,
      "the parked queue": 0,
    });
  });

  it("waits there alone: another one that is in hand stays in hand", async () => {
    story({
      given: "versions 1 and 2 of reservation-1 are in hand, to be tried 3 times at the most",
      when: "the handler throws at 2, and takes 1 after that",
      wanted: '"retried", then "handled"; 2 alone waits in the retry queue',
      costs: "one event fails, and all that was in hand is handled twice",
    });
    const bus = await buses.open({ retryDelay: 60_000 });
    await bus.publish(numbered(2));
    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue, 2);
    const [first, second] = [await deliveries.next(), await deliveries.next()];

    const outcomes = [
      await handleDelivery(channel, second, options(bus, unavailable)),
      await handleDelivery(
        channel,
        first,
        options(bus, async () => {}),
      ),
    ];

    expect(outcomes, "the answers").toEqual(["retried", "handled"]);
    await until("messages", () => messagesIn(bus), {
      "its own queue": 0,
      "the retry queue": 1,
      "the parked queue": 0,
    });
  });

  it("comes back after the delay and can be handled then", async () => {
    story({
      given,
      when: "the handler throws, and takes it at the second attempt, 20 ms later",
      wanted: '"retried", then "handled"',
    });
    const bus = await buses.open({ retryDelay: 20 });
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue);

    const first = await handleDelivery(channel, await deliveries.next(), options(bus, unavailable));
    const again = await soon(deliveries.next(), `"${first}", and the message never came again`);
    const second = await handleDelivery(
      channel,
      again,
      options(bus, async () => {}),
    );

    expect([first, second], "the answers").toEqual(["retried", "handled"]);
  });

  it("is parked at the last attempt", async () => {
    story({
      given,
      when: "the handler throws at every attempt",
      wanted:
        '"retried", "retried", "parked"; then it is in the parked queue, and nowhere else: reason "attempts-used-up", 3 attempts',
    });
    const bus = await buses.open({ retryDelay: 20 });
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue);

    const outcomes: string[] = [];
    while (outcomes.length < 3 && !outcomes.includes("parked")) {
      const message = await soon(
        deliveries.next(),
        `after "${outcomes.join('", "')}" the message never came again`,
      );
      outcomes.push(await handleDelivery(channel, message, options(bus, unavailable)));
    }

    await channel.close();
    expect(outcomes, "the answers").toEqual(["retried", "retried", "parked"]);
    expect(await readParked(bus.channel, bus.queues.parked), "what is parked").toMatchObject([
      { reason: "attempts-used-up", attempts: 3 },
    ]);
    expect(await leftIn(bus), "what its own queue delivers afterwards").toBe("nothing");
  });
});

describe("a message that no retry can help", () => {
  costs("acked by hand to get going: which booking was in it, nobody knows");

  it("is parked at once when no code here knows its type", async () => {
    story({
      given,
      when: "the handler throws UnknownEventType, at the first attempt",
      wanted: 'the answer "parked"; it is in the parked queue: reason "not-retryable", 1 attempt',
    });
    const bus = await buses.open({ retryDelay: 60_000 });
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    const outcome = await handleDelivery(
      channel,
      message,
      options(bus, async (event) => {
        throw new UnknownEventType(event.type);
      }),
    );

    expect(outcome, answer).toBe("parked");
    expect(await readParked(bus.channel, bus.queues.parked), "what is parked").toMatchObject([
      { reason: "not-retryable", attempts: 1 },
    ]);
  });

  it("is parked, not dropped, when it cannot be read", async () => {
    story({
      given: "a message comes whose content is { this is no event",
      when: "it is to be handled",
      wanted: 'the answer "parked"; it is in the parked queue, and the handler was not called',
    });
    const bus = await buses.open({ retryDelay: 60_000 });
    await bus.send(bus.queues.queue, "{ this is no event");
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();
    const handle = vi.fn(async () => {});

    const outcome = await handleDelivery(channel, message, options(bus, handle));

    expect(outcome, answer).toBe("parked");
    expect(handle.mock.calls, "what the handler was given").toEqual([]);
    expect(await bus.count(bus.queues.parked), "messages in the parked queue").toBe(1);
  });
});

describe("an acknowledgement that cannot be sent", () => {
  costs("what was handled well is parked as poison; somebody is woken for it");

  it("is no failed attempt: the error goes to the caller", async () => {
    story({
      given,
      when: "the handler takes it, but the channel is closed: the ack throws",
      wanted: "that IllegalOperationError reaches the caller; no reject is tried",
    });
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();
    const rejects = [vi.spyOn(channel, "nack"), vi.spyOn(channel, "reject")];

    const handling = handleDelivery(
      channel,
      message,
      options(bus, () => channel.close()),
    );

    await expect(handling, "the failed ack").rejects.toMatchObject({
      name: "IllegalOperationError",
    });
    const tried = rejects.flatMap(({ mock }) => mock.calls);
    expect(tried.length, "rejects after the failed ack").toBe(0);
  });
});
