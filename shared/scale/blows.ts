/** What befalls a system that runs: a process dies, a line is cut, a server is away. By a seed, so that it can be told. */

import { setTimeout as delay } from "node:timers/promises";
import { randomFrom } from "../infrastructure/chaos.ts";
import type { TcpProxy } from "../infrastructure/proxy.ts";
import type { Fleet } from "../processes/fleet.ts";

export interface BlowsOptions {
  readonly fleet: Fleet;
  /** The lines to the servers, by the servers' names. */
  readonly lines: Readonly<Record<string, TcpProxy>>;
  readonly seed: number;
  /** No blow after this; the one that lasts is taken back. */
  readonly until: AbortSignal;
  /** Milliseconds between two blows at the most. */
  readonly pause: number;
  readonly say: (text: string) => void;
}

/** How often each thing has happened: `api-1 killed`, `rabbitmq away`. */
export type BlowCounts = ReadonlyMap<string, number>;

/** Strikes until told to stop. */
export async function strike(options: BlowsOptions): Promise<BlowCounts> {
  const { fleet, lines, seed, until, pause, say } = options;
  const random = randomFrom(seed);
  const oneOf = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const counts = new Map<string, number>();
  const note = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
    say(what);
  };
  /** Ends with the run: the system must have time to come to rest. */
  const wait = (milliseconds: number): Promise<void> =>
    delay(milliseconds, undefined, { signal: until }).catch(() => undefined);
  /** A fault that lasts for a while, up to three seconds. */
  const forAWhile = async (begin: () => void, end: () => void): Promise<void> => {
    begin();
    await wait(100 + random() * 2_900);
    end();
  };
  const kill = (): void => {
    const member = oneOf(fleet.members);
    const pid = member?.pid();
    if (!member || pid === undefined) return;
    note(`${member.name} killed`);
    process.kill(pid, "SIGKILL");
  };
  const fault = async (): Promise<void> => {
    const [name, line] = oneOf(Object.entries(lines)) ?? [];
    if (!line) return;
    const kind = oneOf(["cut", "cut", "away", "stalled", "slow"]);
    note(`${name} ${kind}`);
    if (kind === "cut") line.cut();
    if (kind === "away")
      await forAWhile(
        () => line.takeDown(),
        () => line.bringBack(),
      );
    if (kind === "stalled")
      await forAWhile(
        () => line.stall(),
        () => line.resume(),
      );
    if (kind === "slow")
      await forAWhile(
        () => line.delay(50),
        () => line.delay(0),
      );
  };
  while (!until.aborted) {
    await wait(pause * (0.2 + 0.8 * random()));
    if (until.aborted) break;
    if (random() < 0.6) kill();
    else await fault();
  }
  return counts;
}
