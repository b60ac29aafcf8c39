/** Shows the figures of the pipeline to whoever looks; nobody looks, nothing is read. Given. */

import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import type { EventStream } from "../../shared/time-machine/event-stream.ts";
import type { LabBroker } from "./lab-broker.ts";
import { readFigures } from "./lab-pipeline.ts";

/** How often they are read, in milliseconds. */
const every = 200;
const untilAsked = 2 ** 30;

export interface Looking {
  /** Reads them now: somebody has come, or something has been done. */
  now(): void;
  stop(): Promise<void>;
}

/** `held` says what the lab itself holds up. */
export function keepLooking(
  pool: Pool,
  broker: LabBroker,
  stream: EventStream,
  held: () => object,
): Looking {
  let isStopped = false;
  let pause = new AbortController();
  const look = async (): Promise<void> => {
    const figures = await readFigures(pool).catch(() => undefined);
    const depths = await broker.depths().catch(() => undefined);
    if (figures) stream.show("pipeline", { ...figures, queues: depths ?? null, ...held() });
  };
  const run = async (): Promise<void> => {
    while (!isStopped) {
      pause = new AbortController();
      const isSeen = stream.readers() > 0;
      if (isSeen) await look();
      const { signal } = pause;
      if (isStopped) return;
      await delay(isSeen ? every : untilAsked, undefined, { signal, ref: false }).catch(
        () => undefined,
      );
    }
  };
  const ended = run();
  return {
    now: () => pause.abort(),
    stop: () => {
      isStopped = true;
      pause.abort();
      return ended;
    },
  };
}
