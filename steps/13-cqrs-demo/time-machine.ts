/** The whole system in one process, and around it the API, the lab and the page. Given. */

import { startApi } from "./api.ts";
import { composeReservationSystem, type ReservationSystem } from "./composition.ts";
import { openLab } from "./lab.ts";
import { joined } from "./lab-projector.ts";
import { pages } from "./pages.ts";
import type { Servers } from "./parts.ts";
import type { Watch } from "./watch.ts";

/** Where the steps' READMEs expect the page. */
export const defaultPort = 4_000;

export interface TimeMachineOptions extends Servers {
  /** ISO 8601 in UTC, so many minutes from now. */
  readonly now: (inMinutes?: number) => string;
  readonly watch?: Watch;
  /** Any free one when left out. */
  readonly port?: number;
}

export interface TimeMachine {
  readonly url: string;
  readonly system: ReservationSystem;
  /** Ends all of it in the order of the flow, and nothing stays open. */
  close(): Promise<void>;
}

export async function startTimeMachine(options: TimeMachineOptions): Promise<TimeMachine> {
  const { now, watch = {}, port } = options;
  const lab = await openLab(options);
  const undo: (() => Promise<void>)[] = [() => lab.stop()];
  const close = async (): Promise<void> => {
    await lab.release();
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const all = { ...options, amqpUrl: lab.amqpUrl, watch: joined(watch, lab.watch) };
    const system = await composeReservationSystem({ ...all, now: () => now() });
    undo.push(() => system.stop());
    lab.attach(system);
    // The API looks at the broker itself: whether the lab has cut the line is no question of health.
    const api = await startApi({
      ...options,
      system,
      watch: all.watch,
      routes: [...pages, ...lab.routes],
      ...(port !== undefined && { port }),
    });
    undo.push(() => api.close());
    return { url: api.url, system, close };
  } catch (error) {
    await close();
    throw error;
  }
}
