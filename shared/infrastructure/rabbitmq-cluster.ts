/**
 * Three RabbitMQ nodes on loopback that are one cluster: quorum queues have a copy on each, and go on as long
 * as two of them live. From the programs of this machine, for the tests of what happens when a node dies.
 */

import { rabbitPrograms } from "./machine-programs.ts";
import { type PrivateServer, randomPassword } from "./private-server.ts";
import { startRabbitNode } from "./rabbitmq-node.ts";

export interface RabbitCluster {
  /** The first one holds the daemon in which the others find each other: it is the one to leave alive. */
  readonly nodes: readonly [PrivateServer, PrivateServer, PrivateServer];
  stop(): Promise<void>;
}

/** The cluster, or in a few words why there is none. Then nothing of it is left. */
export async function startRabbitCluster(): Promise<RabbitCluster | string> {
  const programs = rabbitPrograms();
  if (typeof programs === "string") return programs;
  const shared = { cookie: randomPassword(), password: randomPassword() };
  const node = "workshop-1@localhost";
  let epmdPort = 0;
  const first = await startRabbitNode(programs, { ...shared, name: node }, (ports) => {
    epmdPort = ports.epmdPort;
  });
  if (typeof first === "string") return first;
  const joins = { node, epmdPort };
  // One after the other: two that join in the same moment may not find each other.
  const second = await startRabbitNode(programs, {
    ...{ ...shared, joins },
    name: "workshop-2@localhost",
  });
  const third = await startRabbitNode(programs, {
    ...{ ...shared, joins },
    name: "workshop-3@localhost",
  });
  const started = [third, second, first].flatMap((each) =>
    typeof each === "string" ? [] : [each],
  );
  const stop = async (): Promise<void> => {
    for (const each of started) await each.stop();
  };
  if (typeof second !== "string" && typeof third !== "string") {
    return { nodes: [first, second, third], stop };
  }
  await stop();
  return typeof second === "string" ? second : String(third);
}
