/** Several processes that belong together: started side by side, ended group by group. */

import { type KeptOptions, type KeptProcess, keepProcess } from "./kept-process.ts";

export interface MemberOptions extends Pick<KeptOptions, "settings"> {
  readonly name: string;
  /** Groups end in their order in `groups`, the members of one side by side. */
  readonly group: string;
}

export interface FleetOptions extends Omit<KeptOptions, "name" | "settings" | "onLine"> {
  /** Who takes work in comes first. */
  readonly groups: readonly string[];
  readonly members: readonly MemberOptions[];
  readonly onLine: (name: string, line: string) => void;
}

export interface FleetMember extends KeptProcess {
  readonly group: string;
}

export interface Fleet {
  readonly members: readonly FleetMember[];
  /** Resolves when all are ready at the same time, to where each is reached; "" where that is nowhere. */
  ready(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export function startFleet({ groups, members, onLine, ...options }: FleetOptions): Fleet {
  const kept = members.map(({ name, group, settings }): FleetMember => {
    const line = (text: string): void => onLine(name, text);
    return { ...keepProcess({ ...options, name, settings, onLine: line }), group };
  });
  let stopped: Promise<void> | undefined;
  return {
    members: kept,
    ready: () => Promise.all(kept.map((member) => member.ready())),
    stop() {
      stopped ??= (async () => {
        for (const group of groups) {
          const ending = kept.filter((member) => member.group === group);
          await Promise.all(ending.map((member) => member.stop()));
        }
      })();
      return stopped;
    },
  };
}
