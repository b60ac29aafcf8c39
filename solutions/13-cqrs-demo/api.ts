/** The API as a part of the system: GraphQL, health, and whatever routes a page brings along. Given. */

import type { Limits } from "../../shared/api/limits.ts";
import type { Log } from "../../shared/api/log.ts";
import { type Route, type RunningApi, serveApi } from "../../shared/api/serve-api.ts";
import { apiSchema } from "./api-schema.ts";
import type { ReservationSystem } from "./composition.ts";
import { openLive } from "./live.ts";
import { openPool, type Servers } from "./parts.ts";
import { createReadiness } from "./readiness.ts";
import type { Watch } from "./watch.ts";

export interface ApiOptions extends Servers {
  readonly system: Pick<ReservationSystem, "handle" | "store" | "readModel">;
  /** The time of commands; ISO 8601 in UTC. */
  readonly now: (inMinutes?: number) => string;
  /** Any free one when left out. */
  readonly port?: number;
  /** Milliseconds that a client who wants to see the own write waits at the most; 2,000 when left out. */
  readonly waitAtMost?: number;
  readonly routes?: readonly Route[];
  readonly limits?: Partial<Limits>;
  readonly log?: Log;
  readonly watch?: Watch;
}

/** Serves until it is closed; the system goes on, and ends after it. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { system, now, watch = {}, amqpUrl, waitAtMost = 2_000 } = options;
  const live = openLive(openPool(options, 6, watch, "subscriptions"));
  try {
    const api = await serveApi({
      ...options,
      schema: apiSchema(),
      context: () => ({ system, live, now, watch, waitAtMost }),
      ready: createReadiness(live.pool, amqpUrl),
    });
    const close = async (): Promise<void> => {
      await api.close();
      await live.stop();
    };
    return { ...api, close };
  } catch (error) {
    await live.stop();
    throw error;
  }
}
