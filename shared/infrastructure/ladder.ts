/**
 * Where a server comes from: a ladder of places, the first that works is taken.
 *
 * To add one, write a `Rung` and put it in the list of `postgres.ts` or `rabbitmq.ts`.
 */

import { environment } from "./environment.ts";
import { handedDown } from "./handed-down.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export type ServiceName = "postgres" | "rabbitmq";

export const rungNames = ["urls", "local", "docker", "binaries", "embedded"] as const;
export type RungName = (typeof rungNames)[number];

export interface Server {
  readonly url: string;
  /** True where the server belongs to this run alone and goes away with it. */
  readonly isPrivate: boolean;
  /** The process that has handed the server down, and with which it ends (`handed-down.ts`). */
  readonly owner?: ProcessIdentity;
}

/** A server that answers. */
export interface RunningService extends Server {
  readonly rung: RungName;
  /** For people: `PostgreSQL 15 (local)`. */
  readonly label: string;
  /** Why the rungs before this one were passed over, a line each. */
  readonly passedOver: readonly string[];
  /** Stops what was started; a server that ran before keeps running. */
  stop(): Promise<void>;
  /** Ends a private server, whoever is connected, and starts it again on the same port and data. */
  restart?(): Promise<void>;
}

/** What a rung knows of the service that it has started. */
export type Found = Omit<RunningService, "rung" | "passedOver">;

export interface Rung {
  readonly name: RungName;
  /** The running service, or in a few words why there is none here. Throws where going on would hide a mistake. */
  start(): Promise<Found | string>;
}

/** There is no such server to be had, or the one that was asked for does not answer. */
export class InfrastructureMissing extends Error {
  override readonly name = "InfrastructureMissing";
  readonly service: ServiceName;

  constructor(service: ServiceName, message: string) {
    super(message);
    this.service = service;
  }
}

// The runner and Vitest's global set-up load this module separately, in one process.
const key = Symbol.for("event-sourcing-workshop.started");
const shared = globalThis as { [key]?: Pick<RunningService, "label" | "passedOver">[] };
shared[key] ??= [];
const started = shared[key];

/** What this process has started so far, in a line: `PostgreSQL 15 (local) · RabbitMQ 3.10 (local)`. */
export function describeInfrastructure(): string {
  return [...new Set(started.map(({ label }) => label))].join(" · ");
}

/** Why the places before those were passed over, a line each. A URL that nobody set is no news. */
export function whatWasPassedOver(): readonly string[] {
  const lines = started.flatMap(({ passedOver }) => passedOver);
  return [...new Set(lines)].filter((line) => !/^urls: .* is not set$/.test(line));
}

/**
 * Takes the server that a parent process has handed down, else tries the rungs in order. `remedy`
 * is the paragraph that says how to get such a server.
 */
export async function climb(
  service: ServiceName,
  rungs: readonly Rung[],
  remedy: string,
): Promise<RunningService> {
  const handed = await handedDown(service);
  if (typeof handed === "string") throw new InfrastructureMissing(service, handed);
  if (handed !== undefined) {
    started.push({ label: handed.label, passedOver: [] });
    return { ...handed, isPrivate: false, passedOver: [], stop: async () => {} };
  }
  const forced = forcedRung(service);
  const passedOver: string[] = [];
  for (const rung of rungs) {
    if (forced !== undefined && rung.name !== forced) continue;
    const outcome = await rung.start();
    if (typeof outcome !== "string") {
      started.push({ label: outcome.label, passedOver });
      return { ...outcome, rung: rung.name, passedOver };
    }
    passedOver.push(`${rung.name}: ${outcome}`);
  }
  if (forced !== undefined && passedOver.length === 0) {
    passedOver.push(`${forced}: not offered for ${service} by this version of the workshop`);
  }
  const asked = forced === undefined ? "" : ` WORKSHOP_INFRA=${forced} allows no other place.`;
  throw new InfrastructureMissing(
    service,
    `${remedy}${asked}\nTried:\n${passedOver.map((line) => `  - ${line}`).join("\n")}`,
  );
}

function forcedRung(service: ServiceName): RungName | undefined {
  const forced = environment().WORKSHOP_INFRA;
  if (forced === undefined || forced === "") return undefined;
  const known = rungNames.find((name) => name === forced);
  if (known) return known;
  throw new InfrastructureMissing(
    service,
    `WORKSHOP_INFRA is ${JSON.stringify(forced)}; it must be one of ${rungNames.join(", ")}, or not set.`,
  );
}
