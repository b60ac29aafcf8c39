import { connect } from "amqplib";
import { describe, expect, inject, it } from "vitest";
import { readLedger } from "../infrastructure/ledger.ts";
import { right, test, withSmallVitest, wrong } from "../workshop/fixtures/small-vitest.ts";
import { useBroker } from "./broker.ts";

const broker = useBroker();

describe.runIf("url" in inject("rabbitmq"))("a test's names on the broker", () => {
  let earlier = "";
  let wasClosed = false;

  it("are for it alone", async () => {
    earlier = broker.prefix;
    broker.registerQueues(`${earlier}.queue`);
    broker.registerExchanges(`${earlier}.exchange`);
    const connection = await broker.connect();
    connection.on("close", () => {
      wasClosed = true;
    });
    const channel = await connection.createChannel();
    await channel.assertExchange(`${earlier}.exchange`, "topic", { durable: true });
    const { queue } = await channel.assertQueue(`${earlier}.queue`, { durable: true });

    expect(queue).toMatch(/^workshop-[a-z0-9]{6}-\d+-\d+-\d+\.queue$/);
  });

  it("are gone after it, and its connections are closed", async () => {
    expect(broker.prefix).not.toBe(earlier);
    expect(wasClosed).toBe(true);
    const connection = await connect(broker.url);
    connection.on("error", () => {});
    for (const [kind, name] of [
      ["checkQueue", `${earlier}.queue`],
      ["checkExchange", `${earlier}.exchange`],
    ] as const) {
      const channel = await connection.createChannel();
      channel.on("error", () => {});
      await expect(channel[kind](name)).rejects.toMatchObject({ code: 404 });
    }
    await connection.close();
  });

  it("stay noted where it was red, because its code may go on and make them again", async () => {
    const names = (kind: string) => `broker.registerQueues(broker.prefix + ".${kind}");`;
    const text = [
      'import { useBroker } from "../../../shared/testing/broker.ts";',
      "const broker = useBroker();",
      test("is red", `${names("of-a-red-test")} ${wrong}`),
      test("is green", `${names("of-a-green-test")} ${right}`),
    ].join("\n");
    const ledger = inject("ledger");
    // What is made on a private server is not noted, as it goes with it.
    const rabbitmq = { ...inject("rabbitmq"), isPrivate: false };

    await withSmallVitest({ "learner/broker": text }, (session) => session.run(), {
      ledger,
      rabbitmq,
    });

    const noted = (readLedger(ledger)?.pending ?? []).flatMap((entry) =>
      entry.kind === "queue" ? (/of-a-(red|green)-test$/.exec(entry.name)?.[1] ?? []) : [],
    );
    expect(noted).toEqual(["red"]);
  });
});
