/** Where RabbitMQ comes from. */

import { connect } from "amqplib";
import { reasonOf, withoutPassword } from "./address.ts";
import { startContainer, whyNoDocker } from "./docker.ts";
import { environment } from "./environment.ts";
import { climb, InfrastructureMissing, type Rung, type RunningService } from "./ladder.ts";

const remedy =
  "RabbitMQ is needed here, and there is none to be had. Three ways to get one: start it with " +
  "`docker compose up -d rabbitmq`; or install `rabbitmq-server` from your system's packages and " +
  "start it on its default port; or set AMQP_URL to a server that you may use.";

export function startRabbitMQ(): Promise<RunningService> {
  return climb("rabbitmq", [fromUrl, fromLocalPort, fromDocker], remedy);
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
      const container = await startContainer({
        name: "rabbitmq:3-management",
        port: 5672,
        environment: {},
        ready: { line: /Server startup complete/, times: 1 },
      });
      const url = `amqp://guest:guest@${container.host}:${container.port}`;
      const found = await inspect(url);
      if (typeof found === "string") {
        await container.stop();
        return found;
      }
      const label = `${found.label} (container)`;
      return { url, label, isPrivate: true, stop: container.stop };
    } catch (error) {
      return `rabbitmq:3-management does not start: ${reasonOf(error, "")}`;
    }
  },
};

function running(url: string, label: string): Omit<RunningService, "passedOver"> {
  return { url, label, isPrivate: false, stop: async () => {} };
}

/** What answers there, or why it is of no use. */
async function inspect(url: string): Promise<{ readonly label: string } | string> {
  if (!/^amqps?:\/\//.test(url) || !URL.canParse(url)) return "it is no amqp:// URL";
  try {
    const connection = await connect(url, { timeout: 5_000 });
    const { product, version } = connection.connection.serverProperties;
    await connection.close();
    const [major, minor] = version.split(".");
    return { label: `${product} ${major}.${minor}` };
  } catch (error) {
    return reasonOf(error, url);
  }
}
