/**
 * Servers that a process starts once and hands down to the runs that it starts: a watch session
 * keeps its containers warm that way. They belong to that process and end with it.
 *
 *   const postgres = await startPostgres();
 *   spawn(program, { env: { ...process.env, ...handDown({ postgres }) } });
 */

import { connect } from "node:net";
import { withoutPassword } from "./address.ts";
import { environment } from "./environment.ts";
import type { RunningService, ServiceName } from "./ladder.ts";
import { identityOf, type ProcessIdentity } from "./process-identity.ts";

const variable = "WORKSHOP_HANDED_DOWN";

type HandedDown = Pick<RunningService, "url" | "label" | "rung"> & {
  /** The process that has started it, and stops it. */
  readonly owner: ProcessIdentity;
};

/**
 * What to put into a child's environment, so that its run takes these servers before any other.
 * Only private servers are handed down; one that was there before is found by the child as well.
 */
export function handDown(
  services: Readonly<Partial<Record<ServiceName, RunningService | undefined>>>,
): Readonly<Record<string, string>> {
  const owner = identityOf(process.pid);
  const handed = Object.entries(services).flatMap(([service, running]) =>
    running?.isPrivate === true && owner
      ? [[service, { url: running.url, label: running.label, rung: running.rung, owner }]]
      : [],
  );
  return { [variable]: JSON.stringify(Object.fromEntries(handed)) };
}

/** The server that was handed down to this process, undefined where none was, or what is wrong with it. */
export async function handedDown(service: ServiceName): Promise<HandedDown | string | undefined> {
  const text = environment()[variable] ?? "";
  if (text === "") return undefined;
  const handed = (JSON.parse(text) as Partial<Record<ServiceName, HandedDown>>)[service];
  if (handed === undefined || (await answers(new URL(handed.url)))) return handed;
  return (
    `The ${handed.label} of this session is gone: nothing answers at ` +
    `${withoutPassword(handed.url)} any more. End the session and start it again.`
  );
}

function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 5_000 });
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("timeout", () => resolve(false));
    socket.once("connect", () => socket.destroy());
    socket.once("timeout", () => socket.destroy());
  });
}
