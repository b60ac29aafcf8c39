import { describe, expect, it, vi } from "vitest";
import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import {
  type Bus,
  deliveriesFrom,
  eventually,
  gate,
  leftIn,
  numbered,
  useBus,
} from "../../shared/testing/consuming.ts";
import { handleDelivery } from "./delivery.ts";

const buses = useBus();

function options(bus: Bus, handle: (event: EventEnvelope) => Promise<void>) {
  return { queues: bus.queues, handle, maxAttempts: 3, maxDeliveries: 10 };
}

async function unavailable(): Promise<void> {
  throw new Error("the database is away");
}

describe("a message that is handled", () => {
  it("reaches the handler as the event that was recorded, and is gone", async () => {
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
    expect(outcome).toBe("handled");
    expect(handled).toEqual(events);
    expect(await leftIn(bus)).toBe("nothing");
  });

  it("is acknowledged when its effect is safe, not before", async () => {
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

    expect(early).toBe(0);
    expect(acknowledge).toHaveBeenCalledTimes(1);
  });
});

describe("a message whose handling fails", () => {
  it("waits in the retry queue, not at the head of its own", async () => {
    const bus = await buses.open({ retryDelay: 60_000 });
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();

    const outcome = await handleDelivery(channel, message, options(bus, unavailable));

    await channel.close();
    expect(outcome).toBe("retried");
    await eventually(() => bus.count(bus.queues.retry)).toBe(1);
    expect(await bus.count(bus.queues.queue)).toBe(0);
  });

  it("comes back after the delay and can be handled then", async () => {
    const bus = await buses.open({ retryDelay: 20 });
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue);

    const first = await handleDelivery(channel, await deliveries.next(), options(bus, unavailable));
    const again = await deliveries.next();
    const second = await handleDelivery(
      channel,
      again,
      options(bus, async () => {}),
    );

    expect([first, second]).toEqual(["retried", "handled"]);
  });

  it("is parked at the last attempt", async () => {
    const bus = await buses.open({ retryDelay: 20 });
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const deliveries = await deliveriesFrom(channel, bus.queues.queue);

    const outcomes: string[] = [];
    while (outcomes.length < 3) {
      const message = await deliveries.next();
      outcomes.push(await handleDelivery(channel, message, options(bus, unavailable)));
    }

    await channel.close();
    expect(outcomes).toEqual(["retried", "retried", "parked"]);
    expect(await bus.count(bus.queues.parked)).toBe(1);
    expect(await leftIn(bus)).toBe("nothing");
  });
});

describe("a message that no retry can help", () => {
  it("is parked at once when no code here knows its type", async () => {
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

    expect(outcome).toBe("parked");
    expect(await bus.count(bus.queues.parked)).toBe(1);
  });

  it("is parked, not dropped, when it cannot be read", async () => {
    const bus = await buses.open({ retryDelay: 60_000 });
    await bus.send(bus.queues.queue, "{ this is no event");
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();
    const handle = vi.fn(async () => {});

    const outcome = await handleDelivery(channel, message, options(bus, handle));

    expect(outcome).toBe("parked");
    expect(handle).not.toHaveBeenCalled();
    expect(await bus.count(bus.queues.parked)).toBe(1);
  });
});

describe("an acknowledgement that cannot be sent", () => {
  it("is no failed attempt: the error goes to the caller", async () => {
    const bus = await buses.open();
    await bus.publish(numbered(1));
    const channel = await bus.openChannel();
    const message = await (await deliveriesFrom(channel, bus.queues.queue)).next();
    const reject = vi.spyOn(channel, "nack");

    const handling = handleDelivery(
      channel,
      message,
      options(bus, () => channel.close()),
    );

    await expect(handling).rejects.toMatchObject({ name: "IllegalOperationError" });
    expect(reject).not.toHaveBeenCalled();
  });
});
