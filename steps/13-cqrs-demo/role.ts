/** One role of the system as a process of its own: `roles.ts` starts it, and says what it is to be. Given. */

import type { Limits } from "../../shared/api/limits.ts";
import { toLine } from "../../shared/api/log.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { runAsChild } from "../../shared/processes/child.ts";
import { startApi } from "./api.ts";
import { createClock } from "./clock.ts";
import { composeReservationSystem } from "./composition.ts";
import { pages } from "./pages.ts";
import type { Servers } from "./parts.ts";
import type { ProcessRole } from "./roles.ts";
import type { Watch } from "./watch.ts";

export interface RoleSettings extends Servers {
  readonly role: ProcessRole;
  /** Of an API: any free one when it is 0. */
  readonly port: number;
  readonly limits: Partial<Limits>;
  /** Whether each event on its way is worth a line. */
  readonly tells: boolean;
}

runAsChild(async (settings: RoleSettings) => {
  const { role, tells } = settings;
  const clock = createClock();
  const now = (inMinutes?: number): string => clock.now(inMinutes);
  const watch = watching(tells);
  const roles = role === "api" ? [] : [role];
  const system = await composeReservationSystem({ ...settings, now, roles, watch });
  if (role !== "api") return system;
  const api = await startApi({
    ...settings,
    ...{ system, now, watch, routes: pages },
    log: (entry) => {
      if (entry.level !== "info") console.log(toLine(entry));
      else if (tells) console.log(`answered with ${entry.status} in ${entry.milliseconds} ms`);
    },
  });
  const stop = async (): Promise<void> => {
    await api.close();
    await system.stop();
  };
  return { url: api.url, stop };
});

function watching(tells: boolean): Watch {
  const onTrouble: Watch["onTrouble"] = (place, error) =>
    console.log(`${place}: ${error instanceof Error ? error.message : error}`);
  if (!tells) return { onTrouble };
  const told =
    (what: string) =>
    ({ streamId, version, type }: EventEnvelope): void =>
      console.log(`${what} ${streamId} v${version} ${type}`);
  return {
    onTrouble,
    onPublished: told("published"),
    onProjected: told("projected"),
    onHeard: told("heard"),
  };
}
