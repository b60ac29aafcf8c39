/** Queues and exchanges that belong to a run: noted in its ledger, deleted at the end. */

import { deleteFromBroker } from "./cleaning.ts";
import type { Server } from "./ladder.ts";
import { noteOn } from "./own-database.ts";
import type { Run } from "./run.ts";

export interface BrokerNames {
  readonly prefix: string;
  register(kind: "queue" | "exchange", added: readonly string[]): void;
  /** They stay noted where somebody may make them again: the run's end deletes them once more. */
  deleteAll(options?: { readonly staysNoted?: boolean }): Promise<void>;
}

export function brokerNames(run: Run, server: Server): BrokerNames {
  const names = { queue: new Set<string>(), exchange: new Set<string>() };
  const areGone: (() => void)[] = [];
  return {
    prefix: run.newName().replaceAll("_", "-"),
    register(kind: "queue" | "exchange", added: readonly string[]): void {
      for (const name of added) {
        if (names[kind].has(name)) continue;
        areGone.push(noteOn(run, server, { kind, server: server.url, name }));
        names[kind].add(name);
      }
    },
    async deleteAll({ staysNoted = false } = {}): Promise<void> {
      await deleteFromBroker(server.url, [...names.queue], [...names.exchange]);
      if (!staysNoted) for (const isGone of areGone) isGone();
    },
  };
}
