/** The same system, with the lab around it: what the page shows, and breaks on purpose. Given. */

import type { Route } from "../../shared/api/serve-api.ts";
import {
  composeReservationSystem,
  type ReservationSystem,
  type SystemOptions,
} from "./composition.ts";
import { openLab } from "./lab.ts";
import { both } from "./watch.ts";

export interface SystemWithLab {
  /** Its `stop` lets go of all that is held up, ends the system, and then the lab. */
  readonly system: ReservationSystem;
  /** To be served beside the API. */
  readonly routes: readonly Route[];
}

export async function composeWithLab(options: SystemOptions): Promise<SystemWithLab> {
  const lab = await openLab(options);
  try {
    const watch = both(options.watch ?? {}, lab.watch);
    const system = await composeReservationSystem({ ...options, amqpUrl: lab.amqpUrl, watch });
    lab.attach(system);
    const stop = async (): Promise<void> => {
      await lab.release();
      await system.stop();
      await lab.stop();
    };
    return { system: { ...system, stop }, routes: lab.routes };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}
