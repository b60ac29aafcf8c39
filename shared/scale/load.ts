/**
 * Drives the API and measures how long it takes until a command's change is visible in the read model: each
 * command is answered when it is (`waitForReadModel`).
 */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { NoAnswer, openApiClient } from "./api-client.ts";
import {
  type Answer,
  cancelReservation,
  changeStay,
  confirmReservation,
  createReservation,
  type Mutation,
  stayFrom,
} from "./mutations.ts";
import type { Sample } from "./samples.ts";

export interface LoadOptions {
  readonly urls: readonly string[];
  readonly seconds: number;
  /** Commands a second; undefined: as many as `clients` can send, one after the other. */
  readonly rate: number | undefined;
  readonly clients: number;
  readonly interrupted?: AbortSignal;
}

export interface Load {
  readonly samples: readonly Sample[];
  readonly seconds: number;
  /** Stored, and not visible within the API's two seconds. */
  readonly behind: number;
  /** Without an answer. */
  readonly failed: number;
  /** What the first of those failed with. */
  readonly failure: string | undefined;
}

/** A reservation's life: each takes the next step when the one before is visible. */
interface Reservation {
  readonly id: string;
  step: number;
}

export async function drive(options: LoadOptions): Promise<Load> {
  const { urls, seconds, rate, clients, interrupted = new AbortController().signal } = options;
  const client = openApiClient(urls);
  const prefix = `reservation-load-${randomUUID().slice(0, 8)}`;
  const samples: Sample[] = [];
  const idle: Reservation[] = [];
  const counts = { behind: 0, failed: 0, reservations: 0 };
  let failure: string | undefined;
  const began = performance.now();
  const now = (): number => performance.now() - began;
  const isOver = (): boolean => interrupted.aborted || now() >= seconds * 1_000;

  const sendOne = async (due: number): Promise<void> => {
    counts.reservations += idle.length === 0 ? 1 : 0;
    const reservation = idle.shift() ?? { id: `${prefix}-${counts.reservations}`, step: 0 };
    const { query, variables, name } = nextOf(reservation);
    const options = { commandId: randomUUID(), waitForReadModel: true };
    try {
      const data = await client.ask(query, { ...variables, options });
      const answer = (data as Record<string, Answer>)[name];
      if (answer?.readModelBehind) counts.behind += 1;
      samples.push({ at: due, took: now() - due });
      reservation.step += 1;
      if (reservation.step < lifeOf(reservation).length) idle.push(reservation);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      counts.failed += 1;
      failure ??= error.message;
      await delay(10);
    }
  };

  const atRate = async (perSecond: number): Promise<void> => {
    const underWay = new Set<Promise<void>>();
    for (let number = 0; !isOver(); number += 1) {
      const due = (number * 1_000) / perSecond;
      // A timer is a millisecond late or two; what is due meanwhile is sent with it.
      if (due > now()) await delay(due - now());
      const sent = sendOne(due).finally(() => underWay.delete(sent));
      underWay.add(sent);
    }
    await Promise.all(underWay);
  };
  const oneAfterTheOther = async (): Promise<void> => {
    while (!isOver()) await sendOne(now());
  };

  try {
    if (rate === undefined) await Promise.all(Array.from({ length: clients }, oneAfterTheOther));
    else await atRate(rate);
  } finally {
    client.close();
  }
  const { behind, failed } = counts;
  return { samples, behind, failed, failure, seconds: Math.min(seconds, now() / 1_000) };
}

function nextOf(reservation: Reservation): Mutation {
  return lifeOf(reservation)[reservation.step] ?? createReservation(reservation.id);
}

/** Hotels are many: the nights of one are rows that all its reservations write. */
function lifeOf({ id }: Reservation): readonly Mutation[] {
  const hotelId = `hotel-${id.slice(-2)}`;
  return [
    createReservation(id, { hotelId }),
    confirmReservation(id),
    changeStay(id, stayFrom(3, 2)),
    cancelReservation(id),
  ];
}
