/** Whether Docker runs, and servers in its containers through Testcontainers. */

import { existsSync } from "node:fs";
import { get } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { removeContainers } from "./cleaning.ts";
import { environment } from "./environment.ts";
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

/** Why Docker cannot be used, or undefined where its daemon answers. */
export async function whyNoDocker(): Promise<string | undefined> {
  const places = daemonPlaces();
  if (places.length === 0) return "no Docker daemon here (no socket, no DOCKER_HOST)";
  const answers = await Promise.all(places.map(answersPing));
  if (answers.includes(true)) return undefined;
  return `no Docker daemon answers at ${places.map(({ name }) => name).join(", ")}`;
}

interface Place {
  readonly name: string;
  readonly request:
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number };
}

function daemonPlaces(): readonly Place[] {
  const host = environment().DOCKER_HOST;
  if (host !== undefined && host !== "") return URL.canParse(host) ? [placeOf(host)] : [];
  const sockets =
    process.platform === "win32"
      ? ["//./pipe/docker_engine"]
      : [
          "/var/run/docker.sock",
          join(homedir(), ".docker/run/docker.sock"),
          join(environment().XDG_RUNTIME_DIR ?? homedir(), "docker.sock"),
        ].filter((path) => existsSync(path));
  return sockets.map((socketPath) => ({ name: socketPath, request: { socketPath } }));
}

function placeOf(host: string): Place {
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];
  if (socket !== undefined) return { name: host, request: { socketPath: socket } };
  const { hostname, port } = new URL(host.replace(/^tcp:/, "http:"));
  return { name: host, request: { host: hostname, port: Number(port || 2375) } };
}

function answersPing(place: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ ...place.request, path: "/_ping", timeout: 2_000 }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 500);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
    request.on("close", () => resolve(false));
  });
}

const runLabel = "event-sourcing-workshop.run";

/** Starts a container whose port is open on loopback only. Throws where the image cannot be had. */
export async function startContainer(image: Image): Promise<Container> {
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
  const label = `${runLabel}=${run.id}`;
  const isGone = run.note({ kind: "containers", label });
  const container = await new LoopbackContainer(image.name)
    .withEnvironment({ ...image.environment })
    .withLabels({ [runLabel]: run.id })
    .withExposedPorts(image.port)
    .withWaitStrategy(Wait.forLogMessage(image.ready.line, image.ready.times))
    .withStartupTimeout(120_000)
    // The ledger does what Testcontainers' own helper would: no second image, no open port of its.
    .withAutoCleanup(false)
    .start()
    .catch(async (error: unknown) => {
      // It may exist, half started. What cannot be removed now stays noted.
      await removeContainers(label).then(isGone, () => {});
      throw error;
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
