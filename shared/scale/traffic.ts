/**
 * Clients that send commands one after the other, and do not give up: where there is no answer they send the
 * command again, with its id. What they were told is written down, to be held against the store.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { randomFrom } from "../infrastructure/chaos.ts";
import { NoAnswer, openApiClient } from "./api-client.ts";
import {
  type Answer,
  cancelReservation,
  changeStay,
  confirmReservation,
  createReservation,
  type Mutation,
  openHotel,
  registerGuest,
  requestBooking,
  stayFrom,
} from "./mutations.ts";

/** What a client was told: this command is stored, with this event as the last one. */
export interface Acknowledged {
  readonly commandId: string;
  readonly streamId: string;
  readonly version: number;
}

export interface Traffic {
  /** Commands, each counted once however often it was sent. */
  readonly sent: number;
  /** Times that a command was sent once more because there was no answer. */
  readonly resent: number;
  /** Answered from what an earlier delivery had stored. */
  readonly repeated: number;
  /** What the domain, or the chance of another's being first, has said no to. */
  readonly refused: number;
  /** Commands whose client gave up at the end: whether they are stored nobody has said. */
  readonly unanswered: number;
  readonly acknowledged: readonly Acknowledged[];
  /** Reservations that went through bookings. Nobody else confirms these. */
  readonly booked: readonly string[];
  readonly hotelIds: readonly string[];
  readonly guestIds: readonly string[];
}

export interface TrafficOptions {
  readonly urls: readonly string[];
  readonly seed: number;
  readonly clients: number;
  /** No command is begun after this. */
  readonly until: AbortSignal;
  /** Milliseconds between a client's commands; none when left out. */
  readonly pause?: number;
  /** Milliseconds that a command in hand still has for its answer at the end; 30,000 when left out. */
  readonly patience?: number;
}

interface Counts {
  sent: number;
  resent: number;
  repeated: number;
  refused: number;
  unanswered: number;
}

export interface RunningTraffic {
  /** How many commands were acknowledged so far. */
  acknowledged(): number;
  /** Resolves after `until`, when each command in hand has its answer, or was given up. */
  readonly ended: Promise<Traffic>;
}

/** Sends until told to stop. */
export function startTraffic(options: TrafficOptions): RunningTraffic {
  const acknowledged: Acknowledged[] = [];
  return { acknowledged: () => acknowledged.length, ended: send(options, acknowledged) };
}

async function send(options: TrafficOptions, acknowledged: Acknowledged[]): Promise<Traffic> {
  const { urls, seed, clients, until, pause = 0, patience = 30_000 } = options;
  const client = openApiClient(urls);
  const counts: Counts = { sent: 0, resent: 0, repeated: 0, refused: 0, unanswered: 0 };
  const booked: string[] = [];
  const hotelIds = Array.from({ length: 10 }, (_, number) => `chaos-${seed}-${number}`);
  const guestIds: string[] = [];
  let isOver = false;
  until.addEventListener("abort", () => setTimeout(() => (isOver = true), patience).unref());

  const command = async ({ query, variables, name }: Mutation): Promise<Answer | undefined> => {
    const commandId = randomUUID();
    counts.sent += 1;
    for (let attempt = 1; !isOver; attempt += 1) {
      try {
        const data = await client.ask(query, { ...variables, options: { commandId } });
        const answer = (data as Record<string, Answer>)[name];
        if (!answer) throw new NoAnswer("an answer without the mutation");
        if (answer.__typename !== "CommandAccepted") {
          counts.refused += 1;
          return answer;
        }
        const { streamId = "", version = 0, events = [], repeated = false } = answer;
        if (repeated) counts.repeated += 1;
        if (events.length > 0) acknowledged.push({ commandId, streamId, version });
        return answer;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        counts.resent += 1;
        await delay(Math.min(20 * 2 ** attempt, 500));
      }
    }
    counts.unanswered += 1;
    return undefined;
  };

  /** A reservation's life, whose turns chance decides. */
  const live = async (id: string, random: () => number): Promise<void> => {
    const chance = (of: number): boolean => random() < of;
    const oneOf = (ids: readonly string[]): string => ids[Math.floor(random() * ids.length)] ?? "";
    const stay = (): object =>
      stayFrom(1 + Math.floor(random() * 25), 1 + Math.floor(random() * 3));
    const guestId = `guest-of-${id}`;
    const steps: Mutation[] = [];
    const isBooked = chance(0.15);
    if (isBooked) {
      booked.push(id);
      guestIds.push(guestId);
      // It pays two nights. A stay of three is one of the bookings that have to be turned down.
      steps.push(registerGuest(guestId, 250), requestBooking(id));
      if (chance(0.3)) steps.push(cancelReservation(id));
    } else {
      if (chance(0.5)) steps.push(changeStay(id, stay()));
      if (chance(0.8)) steps.push(confirmReservation(id));
      if (chance(0.5)) steps.push(changeStay(id, stay()));
      if (chance(0.3)) steps.push(cancelReservation(id));
    }
    const whose = { hotelId: oneOf(hotelIds), guestId, stay: stay() };
    for (const step of [createReservation(id, whose), ...steps]) {
      if (until.aborted) return;
      await command(step);
      if (pause > 0) await delay(pause * (0.5 + random()), undefined, { ref: false });
    }
  };

  try {
    for (const hotelId of hotelIds) await command(openHotel(hotelId, 20));
    await Promise.all(
      Array.from({ length: clients }, async (_, number) => {
        const random = randomFrom(seed * 1_000 + number);
        for (let life = 1; !until.aborted; life += 1) {
          await live(`reservation-${seed}-${number}-${life}`, random);
        }
      }),
    );
    return { ...counts, acknowledged, booked, hotelIds, guestIds };
  } finally {
    client.close();
  }
}
