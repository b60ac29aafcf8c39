/** Servers in containers of this run, through Testcontainers. */

import { reasonOf } from "./address.ts";
import { removeContainers } from "./cleaning.ts";
import { currentRun } from "./run.ts";

/** A container of this run. */
export interface Container {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

interface Image {
  readonly name: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** A line of the log that says that the server accepts connections, and how often it comes. */
  readonly ready: { readonly line: RegExp; readonly times: number };
}

const labelName = "event-sourcing-workshop.container";

/**
 * Starts a container whose port is open on loopback only.
 * @throws an error of one line where the image cannot be had or its server does not start
 */
export async function startContainer(image: Image): Promise<Container> {
  await pull(image.name);
  const run = await currentRun();
  // Loading it takes most of a second: only where Docker answers.
  const { GenericContainer, Wait } = await import("testcontainers");
  class LoopbackContainer extends GenericContainer {
    // Docker opens a published port to the whole network unless it is told an address.
    protected override async beforeContainerCreated(): Promise<void> {
      const bindings = Object.keys(this.hostConfig.PortBindings ?? {});
      this.hostConfig.PortBindings = Object.fromEntries(
        bindings.map((port) => [port, [{ HostIp: "127.0.0.1", HostPort: "0" }]]),
      );
    }
  }
  // One of its own for each container: when one does not start, the others stay.
  const name = run.newName();
  const label = `${labelName}=${name}`;
  const isGone = run.note({ kind: "containers", label });
  const container = await new LoopbackContainer(image.name)
    .withEnvironment({ ...image.environment })
    .withLabels({ [labelName]: name })
    .withExposedPorts(image.port)
    .withWaitStrategy(Wait.forLogMessage(image.ready.line, image.ready.times))
    .withStartupTimeout(120_000)
    // The ledger does what Testcontainers' own helper would: no second image, no open port of its.
    .withAutoCleanup(false)
    .start()
    .catch(async (error: unknown) => {
      // It may exist, half started. What cannot be removed now stays noted.
      await removeContainers(label).then(isGone, () => {});
      throw new Error(`${image.name} does not start: ${reasonOf(error, "")}`);
    });
  return {
    host: "127.0.0.1",
    port: container.getMappedPort(image.port),
    stop: async () => {
      await container.stop();
      isGone();
    },
  };
}

/** Gets the image where Docker does not have it yet. */
async function pull(name: string): Promise<void> {
  const { getContainerRuntimeClient, ImageName } = await import("testcontainers");
  const { image } = await getContainerRuntimeClient();
  const imageName = ImageName.fromString(name);
  if (await image.exists(imageName)) return;
  process.stderr.write(`Docker pulls ${name}. It does that once; it may take minutes.\n`);
  await image.pull(imageName).catch((error: unknown) => {
    throw new Error(`${name} cannot be pulled: ${whyNotPulled(reasonOf(error, ""))}`);
  });
  // What goes wrong once layers flow, Testcontainers does not tell.
  if (await image.exists(imageName)) return;
  throw new Error(`${name} cannot be pulled: \`docker pull ${name}\` says why`);
}

/** The daemon's words, after `(HTTP code 500) server error - `, are a remedy for few. */
function whyNotPulled(words: string): string {
  const reason = words.replace(/^\(HTTP code \d+\) .*? - /, "").trim();
  if (/toomanyrequests|rate limit|too many requests/i.test(reason)) {
    return `the registry's rate limit is reached; wait, or sign in with \`docker login\` (${reason})`;
  }
  if (/manifest unknown|not found|does not exist/i.test(reason)) {
    return `the registry has no such image, or not for you (${reason})`;
  }
  return `is a registry within reach, past a proxy or firewall? (${reason})`;
}
