/** The experiments, by the name under which the page asks for them. Given. */

import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { Refused } from "../../shared/time-machine/same-origin.ts";
import type { ReservationCommand } from "../01-aggregate/reservation-types.ts";
import type { CommandResult } from "../05-command-handlers/command-types.ts";
import { RebuildRunning } from "../09-rebuild/rebuild-lock.ts";
import { knownProjections, type ReservationSystem } from "./composition.ts";
import type { LabBroker } from "./lab-broker.ts";
import { readFigures } from "./lab-pipeline.ts";
import type { ProjectorLab } from "./lab-projector.ts";
import { rebuildBeforeReaders } from "./lab-rebuild.ts";
import { killRelayBeforeCheckpoint } from "./lab-relay.ts";
import { dropSnapshots, prepareLongLife } from "./lab-snapshots.ts";
import { openWriteSide } from "./parts.ts";
import type { Watch } from "./watch.ts";

export type Actions = Readonly<
  Record<string, (wanted: Readonly<Record<string, unknown>>) => Promise<object>>
>;

export interface Laboratory {
  readonly pool: Pool;
  readonly broker: LabBroker;
  readonly projector: ProjectorLab;
  readonly line: { cut(): void; join(): void; isCut(): boolean };
  readonly system: ReservationSystem;
  readonly watch: Watch;
  readonly show: (name: string, data: unknown) => void;
}

/** Milliseconds that an event may take on its way before an experiment gives up. */
const patience = 10_000;

export function labActions({
  pool,
  broker,
  projector,
  line,
  system,
  watch,
  show,
}: Laboratory): Actions {
  const { side } = openWriteSide(pool, system.store, watch);
  let isBusy = false;
  /** One after another: two experiments at once would explain nothing. */
  const alone =
    (work: Actions[string]): Actions[string] =>
    async (wanted) => {
      if (isBusy) throw new Refused(409, "Another experiment is under way. Wait for its end.");
      isBusy = true;
      try {
        return await work(wanted);
      } finally {
        isBusy = false;
      }
    };
  const requireFlow = (): void => {
    if (projector.isPaused()) throw new Refused(409, "The projection is paused: resume it first.");
    if (line.isCut()) throw new Refused(409, "The broker is cut off: join it again first.");
  };
  const create = (): Promise<CommandResult> => send(system, newReservation());

  return {
    pause: async () => {
      projector.pause();
      return {};
    },
    resume: async () => {
      projector.resume();
      return {};
    },
    "cut-broker": async () => {
      line.cut();
      return {};
    },
    "join-broker": async () => {
      line.join();
      return {};
    },
    "deliver-twice": alone(async ({ streamId }) => {
      requireFlow();
      const event = await newestEvent(system, streamId);
      const before = projector.deliveries(event.id);
      await broker.publish(event);
      await until("comes again", () => projector.deliveries(event.id) > before);
      return { ...inBrief(event), deliveries: projector.deliveries(event.id) };
    }),
    poison: alone(async () => {
      requireFlow();
      const { streamId } = await create();
      projector.poison(streamId, "ReservationConfirmed");
      await send(system, {
        type: "ConfirmReservation",
        data: { reservationId: streamId, now: now() },
      });
      await until("is parked", async () => (await broker.depths()).parked > 0);
      const parked = (await broker.parked()).map(({ reason, error, messageId }) => {
        return { reason, error, messageId };
      });
      return { streamId, parked };
    }),
    "send-back": alone(async () => {
      projector.mend();
      return { sentBack: await broker.sendBack() };
    }),
    "kill-relay": alone(async () => {
      requireFlow();
      const before = projector.lastRepeated();
      await killRelayBeforeCheckpoint(pool, create, patience);
      await until("comes again", () => projector.lastRepeated() !== before);
      const event = projector.lastRepeated();
      return event ? { ...inBrief(event), deliveries: projector.deliveries(event.id) } : {};
    }),
    rebuild: alone(async () => {
      try {
        return await rebuildBeforeReaders(pool, knownProjections(), (progress) => {
          show("rebuild", progress);
        });
      } catch (error) {
        if (!(error instanceof RebuildRunning)) throw error;
        throw new Refused(409, "Another rebuild is running.");
      }
    }),
    "drop-snapshots": alone(async () => {
      requireFlow();
      await prepareLongLife(side, now());
      // What is measured is the load, and not what the machine does beside it.
      const isProjected = async (): Promise<boolean> => (await readFigures(pool)).lag.events === 0;
      await until("is projected", isProjected, 60_000);
      return dropSnapshots(pool, side);
    }),
    fill: alone(async ({ reservations }) => {
      const count = Math.min(Math.max(1, Math.trunc(Number(reservations) || 100)), 500);
      const began = performance.now();
      let left = count;
      const work = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const { streamId } = await create();
          const data = { reservationId: streamId, now: now() };
          await send(system, { type: "ConfirmReservation", data });
        }
      };
      await Promise.all([work(), work(), work(), work(), work(), work()]);
      return { reservations: count, milliseconds: Math.round(performance.now() - began) };
    }),
  };
}

/** @throws Refused when there is none */
async function newestEvent(system: ReservationSystem, wanted: unknown): Promise<EventEnvelope> {
  const streamId = typeof wanted === "string" ? wanted : "";
  let newest: EventEnvelope | undefined;
  if (streamId !== "") for await (const event of system.store.readStream(streamId)) newest = event;
  if (!newest) throw new Refused(404, "There is no such stream. Choose one first.");
  return newest;
}

/** @throws Refused when it does not come */
async function until(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  limit = patience,
): Promise<void> {
  const deadline = performance.now() + limit;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Refused(504, `The event never ${what}. Look at the pipeline for where it is.`);
    }
    await delay(20);
  }
}

function inBrief({ streamId, version, type }: EventEnvelope): object {
  return { streamId, version, type };
}

function send(system: ReservationSystem, command: ReservationCommand): Promise<CommandResult> {
  return system.handle({ id: randomUUID(), command });
}

function newReservation(): ReservationCommand {
  const year = new Date().getUTCFullYear() + 1;
  const day = String(1 + ((randomBytes(1)[0] ?? 0) % 25)).padStart(2, "0");
  const month = String(1 + ((randomBytes(1)[0] ?? 0) % 12)).padStart(2, "0");
  const departure = String(Number(day) + 2).padStart(2, "0");
  return {
    type: "CreateReservation",
    data: {
      ...{ reservationId: `reservation-${randomBytes(4).toString("hex")}`, guests: 2, now: now() },
      ...{ hotelId: pick(["seaview", "lakeside", "grand-hotel"]), roomType: "double" as const },
      guestId: pick(["ada", "ben", "chika", "dilnoza", "eve"]),
      stay: { arrival: `${year}-${month}-${day}`, departure: `${year}-${month}-${departure}` },
      pricePerNight: { amount: 12_000, currency: "EUR" },
    },
  };
}

function pick(names: readonly string[]): string {
  return names[(randomBytes(1)[0] ?? 0) % names.length] ?? "";
}

function now(): string {
  return new Date().toISOString();
}
