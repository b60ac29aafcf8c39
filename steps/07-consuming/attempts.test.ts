import type { MessageProperties, XDeath } from "amqplib";
import { describe, expect, it } from "vitest";
import { costs, story } from "../../shared/testing/story.ts";
import { attemptsOf, deliveriesOf } from "./delivery.ts";

const nowhere: Pick<XDeath, "time" | "exchange" | "routing-keys"> = {
  time: { "!": "timestamp", value: 0 },
  exchange: "",
  "routing-keys": [],
};

/** A message that has died so often already. */
function died(...deaths: Pick<XDeath, "queue" | "reason" | "count">[]) {
  const placed = deaths.map((death) => ({ ...death, ...nowhere }));
  const headers = deaths.length === 0 ? {} : { "x-death": placed };
  const properties: MessageProperties = {
    headers,
    contentType: undefined,
    contentEncoding: undefined,
    deliveryMode: undefined,
    priority: undefined,
    correlationId: undefined,
    replyTo: undefined,
    expiration: undefined,
    messageId: undefined,
    timestamp: undefined,
    type: undefined,
    userId: undefined,
    appId: undefined,
    clusterId: undefined,
  };
  const fields = { deliveryTag: 1, redelivered: false, exchange: "", routingKey: "view.0" };
  return { content: Buffer.from("{}"), fields, properties };
}

describe("the attempts of a message", () => {
  costs("it goes round for ever, or is given up before the database is back");

  it("are 0 when it is new", () => {
    tell(["headers: none of the broker's"], 0);
    expect(attemptsOf(died(), "view.0")).toBe(0);
  });

  it("are 0 when it has no headers at all", () => {
    tell(["headers: undefined"], 0);
    const message = died();
    const bare = { ...message, properties: { ...message.properties, headers: undefined } };

    expect(attemptsOf(bare, "view.0")).toBe(0);
  });

  it("are as many as its queue has rejected it", () => {
    tell(["x-death: view.0.retry, expired, 3 times", "x-death: view.0, rejected, 3 times"], 3);
    const message = died(
      { queue: "view.0.retry", reason: "expired", count: 3 },
      { queue: "view.0", reason: "rejected", count: 3 },
    );

    expect(attemptsOf(message, "view.0")).toBe(3);
  });

  it("do not count what happened to it in another queue, or for another reason", () => {
    const deaths = ["view.0, expired, 7", "mail.0, rejected, 5", "view.0, rejected, 2"];
    tell(
      deaths.map((death) => `x-death: ${death} times`),
      2,
    );
    const message = died(
      { queue: "view.0", reason: "expired", count: 7 },
      { queue: "mail.0", reason: "rejected", count: 5 },
      { queue: "view.0", reason: "rejected", count: 2 },
    );

    expect(attemptsOf(message, "view.0")).toBe(2);
  });

  it("are not its deliveries, and those are 0 when it has no headers at all", () => {
    story({
      given: ["x-delivery-count: 2; x-death: view.0, rejected, 3 times", "headers: undefined"],
      when: "the attempts and the deliveries (deliveriesOf, given) of both are counted",
      wanted: "3 attempts of 2 deliveries; none of none",
      costs:
        "a lost connection counts as a failure, and it is given up early; one without headers brings each process down",
    });
    const message = died({ queue: "view.0", reason: "rejected", count: 3 });
    const headers = { ...message.properties.headers, "x-delivery-count": 2 };
    const again = { ...message, properties: { ...message.properties, headers } };
    const bare = { ...message, properties: { ...message.properties, headers: undefined } };

    const counted = (each: typeof again | typeof bare) => ({
      attempts: attemptsOf(each, "view.0"),
      deliveries: deliveriesOf(each),
    });
    expect({ "with both": counted(again), "without headers": counted(bare) }).toEqual({
      "with both": { attempts: 3, deliveries: 2 },
      "without headers": { attempts: 0, deliveries: 0 },
    });
  });

  function tell(given: readonly string[], attempts: number): void {
    const when = "it comes from the queue view.0, and its attempts are counted";
    story({ given, when, wanted: `${attempts}` });
  }
});
