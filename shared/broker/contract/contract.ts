/**
 * What the steps rely on in a broker, held against two servers by the same code: the embedded one
 * and, where the run has one, RabbitMQ itself.
 */

import { type ChannelModel, type ConfirmChannel, connect, type Options } from "amqplib";
import { afterAll, beforeAll, inject, it } from "vitest";
import { brokerNames } from "../../infrastructure/broker-names.ts";
import type { Server } from "../../infrastructure/ladder.ts";
import { joinRun } from "../../infrastructure/run.ts";
import { startBroker } from "../broker.ts";
import type { Source } from "./sources.ts";
import { behavesSo, type VersionDifferenceName } from "./versions.ts";

declare module "vitest" {
  interface TaskMeta {
    behaviour?: {
      readonly sentence: string;
      readonly source: Source;
      readonly server: "embedded" | "RabbitMQ";
    };
  }
}

/** A server, and what a test makes on it: gone after the test. */
export interface Broker {
  readonly url: string;
  /** A name that no one else has. Queues and exchanges of this name are deleted after the test. */
  name(ending: string): string;
  connect(options?: Options.Connect): Promise<ChannelModel>;
  /** A channel with confirms, on a connection of its own unless one is given. */
  openChannel(connection?: ChannelModel): Promise<ConfirmChannel>;
  /** Declares a durable queue, or as the options say, and returns its name. */
  queue(channel: ConfirmChannel, ending: string, options?: Options.AssertQueue): Promise<string>;
  exchange(
    channel: ConfirmChannel,
    type: "direct" | "fanout" | "topic" | "headers",
    ending?: string,
    options?: Options.AssertExchange,
  ): Promise<string>;
  /** Whether this server behaves as newer versions of RabbitMQ do. */
  behavesSo(difference: VersionDifferenceName): boolean;
}

export type Behaviour = (
  sentence: string,
  source: Source,
  test: (broker: Broker) => Promise<void>,
) => void;

/** The versions of RabbitMQ whose ways the embedded broker has. */
const embeddedVersion = "3.10";

/**
 * Prepares a file of the contract. Each behaviour becomes a test for either server. Call it at the
 * top of the file; needs the run's RabbitMQ where there is one, and starts an embedded broker.
 */
export async function contract(): Promise<Behaviour> {
  const rabbitmq = await rabbitmqOfThisRun();
  let embedded: (Server & { stop(): Promise<void> }) | undefined;
  beforeAll(async () => {
    embedded = { ...(await startBroker()), isPrivate: true };
  });
  afterAll(async () => {
    await embedded?.stop();
  });

  return (sentence, source, test) => {
    const metaFor = (server: "embedded" | "RabbitMQ") => ({
      meta: { behaviour: { sentence, source, server } },
    });
    it(`${sentence} (embedded)`, metaFor("embedded"), async () => {
      if (!embedded) throw new TypeError("The embedded broker runs inside tests only.");
      await withBroker(embedded, embeddedVersion, test);
    });
    const label = rabbitmq ? `RabbitMQ ${rabbitmq.version}` : "no RabbitMQ in this run";
    it.runIf(rabbitmq)(`${sentence} (${label})`, metaFor("RabbitMQ"), async () => {
      if (rabbitmq) await withBroker(rabbitmq.server, rabbitmq.version, test);
    });
  };
}

interface RabbitMQ {
  readonly server: Server;
  readonly version: string;
}

/** A broker that only stands in for RabbitMQ has nothing to say about how RabbitMQ behaves. */
async function rabbitmqOfThisRun(): Promise<RabbitMQ | undefined> {
  const server = inject("rabbitmq");
  if ("missing" in server) return undefined;
  const connection = await connect(server.url);
  const { product, version } = connection.connection.serverProperties;
  await connection.close();
  return product === "RabbitMQ" ? { server, version } : undefined;
}

async function withBroker(
  server: Server,
  version: string,
  test: (broker: Broker) => Promise<void>,
): Promise<void> {
  const names = brokerNames(joinRun(inject("ledger")), server);
  const connections: ChannelModel[] = [];
  const name = (ending: string): string => `${names.prefix}.${ending}`;
  const open = async (options?: Options.Connect): Promise<ChannelModel> => {
    const connection = await connect({ ...optionsOf(server.url), ...options }, { noDelay: true });
    connection.on("error", () => {}); // the test sees it as the failed request, or asks for it
    connections.push(connection);
    return connection;
  };
  try {
    await test({
      url: server.url,
      name(ending) {
        names.register("queue", [name(ending)]);
        names.register("exchange", [name(ending)]);
        return name(ending);
      },
      connect: open,
      async openChannel(connection) {
        const channel = await (connection ?? (await open())).createConfirmChannel();
        channel.on("error", () => {}); // as above
        return channel;
      },
      async queue(channel, ending, options) {
        // An exclusive queue goes with its connection, and nobody else may delete it.
        if (!options?.exclusive) names.register("queue", [name(ending)]);
        return (await channel.assertQueue(name(ending), options)).queue;
      },
      async exchange(channel, type, ending = "exchange", options = {}) {
        names.register("exchange", [name(ending)]);
        return (await channel.assertExchange(name(ending), type, options)).exchange;
      },
      behavesSo: (difference) => behavesSo(difference, version),
    });
  } finally {
    // The test may have closed or broken a connection itself.
    await Promise.all(connections.map((connection) => connection.close().catch(() => {})));
    await names.deleteAll();
  }
}

/** A server's URL in the form that further options can be added to. */
function optionsOf(url: string): Options.Connect {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    protocol: "amqp",
    hostname,
    port: port === "" ? 5672 : Number(port),
    username: decodeURIComponent(username) || "guest",
    password: decodeURIComponent(password) || "guest",
    vhost: pathname.length > 1 ? pathname.slice(1) : "/",
  };
}
