/** The container to work in is true: it has the servers of docker-compose.yml, by the addresses of .env.example. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface DevContainer {
  readonly dockerComposeFile: readonly string[];
  readonly service: string;
  readonly workspaceFolder: string;
  readonly forwardPorts: readonly number[];
  readonly customizations: { readonly vscode: { readonly extensions: readonly string[] } };
}

/** Everything that is not true of .devcontainer/, one sentence each. */
export function containerFaults(root: string, extensions: readonly string[]): readonly string[] {
  const read = (name: string): string => readFileSync(join(root, name), "utf8");
  const container = JSON.parse(read(".devcontainer/devcontainer.json")) as DevContainer;
  const servers = read("docker-compose.yml");
  const own = serviceIn(read(".devcontainer/docker-compose.yml"), container.service);
  const example = read(".env.example");
  const missing = container.dockerComposeFile.filter(
    (file) => !existsSync(join(root, ".devcontainer", file)),
  );
  const unknown = container.forwardPorts.filter((port) => !servers.includes(`:${port}"`));
  const installed = container.customizations.vscode.extensions;
  const faults = [
    ...missing.map((file) => `${file} is not there`),
    ...unknown.map((port) => `no server has the port ${port}, which is forwarded`),
    ...(own.includes(`- .:${container.workspaceFolder}\n`)
      ? []
      : [`the service ${container.service} has no folder ${container.workspaceFolder}`]),
    ...(installed.join() === extensions.join()
      ? []
      : ["its extensions are not those that .vscode/extensions.json recommends"]),
    ...["DATABASE_URL", "AMQP_URL"].flatMap((variable) => {
      const address = new RegExp(`^ +${variable}: (\\S+)$`, "m").exec(own)?.[1] ?? "";
      const here = new RegExp(`^${variable}=(\\S+)$`, "m").exec(example)?.[1] ?? "";
      return addressFaults(address, here, servers).map((fault) => `${variable} ${fault}`);
    }),
  ];
  return faults.map((fault) => `.devcontainer: ${fault}.`);
}

/** What is wrong with a server's address in the container, which is `here` on the machine that runs the servers. */
function addressFaults(address: string, here: string, servers: string): readonly string[] {
  if (!URL.canParse(address)) return ["is not set"];
  const { hostname, port, password, pathname } = new URL(address);
  const server = serviceIn(servers, hostname);
  const settings = { POSTGRES_PASSWORD: password, POSTGRES_DB: pathname.slice(1) };
  const wrong = Object.entries(settings).filter(
    ([name, value]) => server.includes(`${name}:`) && !server.includes(`${name}: ${value}\n`),
  );
  return [
    ...(address.replace(`@${hostname}:`, "@127.0.0.1:") === here
      ? []
      : ["is not the one of .env.example by another host's name"]),
    ...(server.includes(`:${port}"`) ? [] : ["names no server of docker-compose.yml"]),
    ...wrong.map(([name]) => `has another ${name} than docker-compose.yml`),
  ];
}

/** A service's lines in a compose file, empty where there is none. */
function serviceIn(compose: string, name: string): string {
  return new RegExp(`^  ${name}:\n((?: {4}.*\n|\n)+)`, "m").exec(compose)?.[1] ?? "";
}
