/** Where RabbitMQ comes from. */

import { connect } from "amqplib";
import { startBroker } from "../broker/broker.ts";
import { isAddress, reasonOf, withoutPassword } from "./address.ts";
import { startContainer } from "./docker.ts";
import { whyNoDocker } from "./docker-daemon.ts";
import { environment } from "./environment.ts";
import {
  climb,
  type Found,
  InfrastructureMissing,
  type Rung,
  type RunningService,
} from "./ladder.ts";
import { startRabbitMQOfThisMachine } from "./machine-programs.ts";
import { randomPassword } from "./private-server.ts";
import { whyNoQueues } from "./working-queues.ts";

const remedy =
  "RabbitMQ is needed here, and there is none to be had. Three ways to get one: start it with " +
  "`docker compose up -d rabbitmq`; or install `rabbitmq-server` from your system's packages and " +
  "start it on its default port; or set AMQP_URL to a server that you may use.";

export function startRabbitMQ(): Promise<RunningService> {
  return climb("rabbitmq", [fromUrl, fromLocalPort, fromDocker, fromThisMachine, embedded], remedy);
}

const fromUrl: Rung = {
  name: "urls",
  async start() {
    const url = environment().AMQP_URL ?? "";
    if (url === "") return "AMQP_URL is not set";
    const found = await inspect(url);
    if (typeof found !== "string") return running(url, `${found.label} (AMQP_URL)`);
    throw new InfrastructureMissing(
      "rabbitmq",
      `AMQP_URL is set to ${withoutPassword(url)}, which cannot be used: ${found}. ` +
        "Correct it, or unset it to let the workshop look for a server by itself.",
    );
  },
};

const fromLocalPort: Rung = {
  name: "local",
  async start() {
    const url = "amqp://guest:guest@127.0.0.1:5672";
    const found = await inspect(url);
    if (typeof found !== "string") return running(url, `${found.label} (local)`);
    return `127.0.0.1:5672: ${found}`;
  },
};

const fromDocker: Rung = {
  name: "docker",
  async start() {
    const reason = await whyNoDocker();
    if (reason !== undefined) return reason;
    try {
      const password = randomPassword();
      const container = await startContainer({
        name: "rabbitmq:3-management",
        port: 5672,
        environment: { RABBITMQ_DEFAULT_USER: "workshop", RABBITMQ_DEFAULT_PASS: password },
        ready: { line: /Server startup complete/, times: 1 },
      });
      const url = `amqp://workshop:${password}@${container.host}:${container.port}`;
      const found = await inspect(url);
      if (typeof found === "string") {
        await container.stop();
        return found;
      }
      const label = `${found.label} (container)`;
      return { url, label, isPrivate: true, stop: container.stop };
    } catch (error) {
      return reasonOf(error, "");
    }
  },
};

const fromThisMachine: Rung = {
  name: "binaries",
  async start() {
    const server = await startRabbitMQOfThisMachine();
    if (typeof server === "string") return server;
    const found = await inspect(server.url);
    if (typeof found !== "string") {
      return { ...server, label: `${found.label} (private)`, isPrivate: true };
    }
    await server.stop();
    return found;
  },
};

const embedded: Rung = {
  name: "embedded",
  async start() {
    try {
      const broker = await startBroker();
      return { ...broker, label: "embedded broker (not RabbitMQ)", isPrivate: true };
    } catch (error) {
      return reasonOf(error, "");
    }
  },
};

function running(url: string, label: string): Found {
  return { url, label, isPrivate: false, stop: async () => {} };
}

/** What answers there, or why it is of no use. */
async function inspect(url: string): Promise<{ readonly label: string } | string> {
  if (!/^amqps?:\/\//.test(url) || !isAddress(url)) {
    return "it is no amqp:// URL; a password writes / ? # @ as %2F %3F %23 %40";
  }
  try {
    const connection = await connect(url, { timeout: 5_000 });
    const { product, version } = connection.connection.serverProperties;
    const [major, minor] = version.split(".");
    const label = `${product} ${major}.${minor}`;
    const reason = await whyNoQueues(connection, url);
    await connection.close().catch(() => {}); // what cannot be used may have closed it
    return reason === undefined ? { label } : `${label}, but ${reason}`;
  } catch (error) {
    return reasonOf(error, url);
  }
}
