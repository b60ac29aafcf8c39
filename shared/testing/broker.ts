/** Names of its own on RabbitMQ for each test. */

import { type ChannelModel, connect } from "amqplib";
import { afterEach, beforeAll, beforeEach, inject } from "vitest";
import { brokerNames } from "../infrastructure/broker-names.ts";
import { InfrastructureMissing, type Server } from "../infrastructure/ladder.ts";
import { joinRun, type Run } from "../infrastructure/run.ts";

export interface TestBroker {
  readonly url: string;
  /** How the names of this test's queues and exchanges begin; another one for each test. */
  readonly prefix: string;
  /** A connection that is closed after the test. */
  connect(): Promise<ChannelModel>;
  /** Notes queues that the test makes, so that they are deleted after it. */
  registerQueues(...names: readonly string[]): void;
  registerExchanges(...names: readonly string[]): void;
}

/** Gives each test a fresh prefix on the broker. Call it at the top of the file or of a `describe`. */
export function useBroker(): TestBroker {
  let server: Server | undefined;
  let missing: InfrastructureMissing | undefined;
  let run: Run | undefined;
  let names: ReturnType<typeof brokerNames> | undefined;
  const connections: ChannelModel[] = [];

  const present = <T>(value: T | undefined): T => {
    if (missing) throw missing;
    if (value === undefined) throw new TypeError("useBroker has a broker inside tests only.");
    return value;
  };

  beforeAll(() => {
    const provided = inject("rabbitmq");
    if ("missing" in provided) {
      // Thrown where a test uses the broker, so that each test says why it fails.
      missing = new InfrastructureMissing("rabbitmq", provided.missing);
      return;
    }
    server = provided;
    run = joinRun(inject("ledger"));
  });

  beforeEach(() => {
    if (run && server) names = brokerNames(run, server);
  });

  afterEach(async ({ task }) => {
    // The test may have closed or broken a connection itself.
    await Promise.all(
      connections.splice(0).map((connection) => connection.close().catch(() => {})),
    );
    // The code of a red test may go on, and make its queues again.
    await names?.deleteAll({ staysNoted: task.result?.state === "fail" });
  });

  return {
    get url() {
      return present(server).url;
    },
    get prefix() {
      return present(names).prefix;
    },
    async connect() {
      const connection = await connect(present(server).url, { noDelay: true });
      connection.on("error", () => {}); // the test sees it as the failed request, or as `close`
      connections.push(connection);
      return connection;
    },
    registerQueues: (...queues) => present(names).register("queue", queues),
    registerExchanges: (...exchanges) => present(names).register("exchange", exchanges),
  };
}
