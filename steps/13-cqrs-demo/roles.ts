/**
 * The system in several processes: `api,relay*2,projector*3,saga*2`. They share the database and the broker
 * and nothing else, so they may as well stand on several machines. Of several relays, and of several sagas'
 * dispatchers, one works and the others wait for its end (06); of several projectors each partition has one
 * (07); every API takes commands. Given.
 */

import { fileURLToPath } from "node:url";
import type { Limits } from "../../shared/api/limits.ts";
import type { Run } from "../../shared/infrastructure/run.ts";
import { type Fleet, startFleet } from "../../shared/processes/fleet.ts";
import type { Role } from "./composition.ts";
import type { Servers } from "./parts.ts";
import type { RoleSettings } from "./role.ts";

export type ProcessRole = "api" | Role;

/** In the order of the flow, which is that of their ends: who takes work in comes first. */
export const processRoles: readonly ProcessRole[] = ["api", "relay", "projector", "saga"];

/** How many processes of each role. */
export type RoleCounts = ReadonlyMap<ProcessRole, number>;

/**
 * Reads `api,relay*2`.
 * @throws RangeError that says what it may be
 */
export function parseRoles(text: string): RoleCounts {
  const counts = new Map<ProcessRole, number>();
  for (const part of text.split(",")) {
    const [, name, many = "1"] = /^([a-z]+)(?:\*(\d{1,2}))?$/.exec(part.trim()) ?? [];
    const role = processRoles.find((each) => each === name);
    const count = Number(many);
    if (!role || count < 1 || counts.has(role)) {
      throw new RangeError(
        `"${part}" is no role, or there twice: there are ${processRoles.join(", ")}; "relay*2" are two of them.`,
      );
    }
    counts.set(role, count);
  }
  return counts;
}

export interface RolesOptions extends Servers {
  readonly run: Pick<Run, "note">;
  readonly counts: RoleCounts;
  /** Of the first API; the next one has the next port. Any free ones when left out. */
  readonly port?: number;
  readonly limits?: Partial<Limits>;
  readonly tells?: boolean;
  readonly onLine: (name: string, line: string) => void;
}

/** Starts them, and starts anew what dies. An API that does has the port that it had before. */
export function startRoles(options: RolesOptions): Fleet {
  const { run, counts, port = 0, limits = {}, tells = false, onLine, ...servers } = options;
  const partitions = Array.from({ length: servers.topology.partitions }, (_, each) => each);
  const members = processRoles.flatMap((role) => {
    const count = counts.get(role) ?? 0;
    return Array.from({ length: count }, (_, index) => ({
      name: `${role}-${index + 1}`,
      group: role,
      settings: (url: string | undefined): RoleSettings => {
        const firstPort = port === 0 ? 0 : port + index;
        // Two of three projectors have one partition each, the third has two: whoever comes first has it.
        const first = partitions.filter((partition) => partition % count === index);
        const own = { role, first, port: url ? Number(new URL(url).port) : firstPort };
        return { ...servers, ...own, limits, tells };
      },
    }));
  });
  const file = fileURLToPath(new URL("./role.ts", import.meta.url));
  // Whose code it is (`--mine`), the parent was told when it was started; its children are told here.
  const preload = process.env.WORKSHOP_PRELOAD;
  const execArgv = preload ? ["--import", preload] : [];
  return startFleet({ run, file, execArgv, groups: processRoles, members, onLine });
}
