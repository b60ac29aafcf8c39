/** After the script: the system goes on, with its API and its page, until somebody ends it. Given. */

import { type LogEntry, toLine } from "../../shared/api/log.ts";
import type { Route } from "../../shared/api/serve-api.ts";
import { startApi } from "./api.ts";
import type { DemoClock } from "./clock.ts";
import type { ReservationSystem } from "./composition.ts";
import { oldReservation, writeOldReservation } from "./old-reservation.ts";
import { pages } from "./pages.ts";
import type { Servers } from "./parts.ts";
import { row, title } from "./screen.ts";

export interface Serving {
  readonly system: ReservationSystem;
  readonly servers: Servers;
  /** Those of the lab. */
  readonly routes: readonly Route[];
  readonly clock: DemoClock;
  /** 4000 when left out, or any free one where that is taken. */
  readonly port: number | undefined;
}

const usualPort = 4000;

/** Serves until SIGINT or SIGTERM. A second one ends the process at once. */
export async function serveUntilEnded({
  system,
  servers,
  routes,
  clock,
  port,
}: Serving): Promise<void> {
  const end = endOfProcess();
  await writeOldReservation(system);
  const options = { ...servers, system, now: clock.now, routes: [...pages, ...routes], log };
  const api = await startApi({ ...options, port: port ?? usualPort }).catch((error: unknown) => {
    // A port that was asked for by its number is not replaced by another one.
    if (port !== undefined || !isTaken(error)) throw error;
    return startApi(options);
  });
  title("Serving", "Ctrl-C ends it");
  row("page", api.url);
  row("GraphQL", `${api.url}/graphql`);
  row("health", `${api.url}/health, ${api.url}/ready`);
  row("to look at", `${oldReservation}, which the first release has written`);
  try {
    await end.asked;
  } finally {
    end.forget();
    await api.close();
  }
}

/** Takes the signals over from whoever ends the process at once, and gives them back at the first. */
function endOfProcess(): { readonly asked: Promise<void>; forget(): void } {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const others = signals.map((signal) => process.listeners(signal));
  let forget: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    const end = (): void => {
      forget();
      resolve();
    };
    for (const signal of signals) process.removeAllListeners(signal).on(signal, end);
    forget = () => {
      for (const [index, signal] of signals.entries()) {
        process.off(signal, end);
        for (const listener of others[index] ?? [])
          process.off(signal, listener).on(signal, listener);
      }
    };
  });
  return { asked, forget: () => forget() };
}

/** Requests that went well are not news here. */
function log(entry: LogEntry): void {
  if (entry.level !== "info") process.stderr.write(`${toLine(entry)}\n`);
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
