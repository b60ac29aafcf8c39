/** What the demo looks like: 80 columns at the most, and whole without colour. */

import type { Reservation } from "../01-aggregate/reservation-types.ts";
import { countNights } from "../01-aggregate/stay.ts";
import type { ReservationRow } from "../08-projections/reservations-view.ts";

const textBegins = 16;
const lineEnds = 79;

export function heading(text: string): void {
  const [name = "", ...servers] = text.split(" · ");
  print([bold(name), ...servers].join(" · "));
}

export function title(text: string, note = ""): void {
  const gap = " ".repeat(Math.max(1, lineEnds - text.length - note.length));
  print(`\n${bold(text)}${note === "" ? "" : `${gap}${dim(note)}`}`);
}

/** `   event store  reservation-7f3a at version 1, position 1                  2.0 ms` */
export function row(label: string, text: string, milliseconds?: number): void {
  const time = milliseconds === undefined ? "" : `${milliseconds.toFixed(1)} ms`;
  const gap = " ".repeat(Math.max(1, lineEnds - textBegins - text.length - time.length));
  print(`${labelled(label)}${coloured(text)}${time === "" ? "" : `${gap}${dim(time)}`}`);
}

export function failedRow(label: string, text: string): void {
  print(`${labelled(label)}${red("✘")} ${text}`);
}

export interface Summary {
  readonly events: number;
  readonly lost: number;
  readonly repeated: number;
  readonly seconds: number;
}

export function summary({ events, lost, repeated, seconds }: Summary): void {
  const counted = `${events} events · ${lost} lost · ${repeated} delivered twice`;
  print(`\n${coloured(`${counted} · read model = replay ✔ · ${seconds.toFixed(1)} s`)}`);
}

export function failure(what: string, details: readonly string[]): void {
  const [first = "", ...others] = wrapped(what);
  print(`\n${red("FAILED")}  ${first}`);
  for (const line of [...others, ...details.flatMap(wrapped)]) print(`  ${line}`);
}

function wrapped(text: string): readonly string[] {
  return text.match(/\S.{0,69}(?=\s|$)/gm) ?? [];
}

/** `confirmed · 2030-05-01 → 05-03 · 2 nights · 240.00 EUR` */
export function described(reservation: Reservation | ReservationRow): string {
  if (reservation.status === "none") return "no such reservation";
  const { status, stay, total } = reservation;
  const nights = `${countNights(stay)} nights`;
  const price = `${(total.amount / 100).toFixed(2)} ${total.currency}`;
  return [status, `${stay.arrival} → ${stay.departure.slice(5)}`, nights, price].join(" · ");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function labelled(label: string): string {
  return `   ${dim(label.padEnd(textBegins - 3))}`;
}

/** Events in cyan, a tick in green. */
function coloured(text: string): string {
  return text
    .replace(
      /\b(?:Reservation|Stay|Credit|Room|Booking|Hold|Release|Return|Confirmation|Cancellation)[A-Z]\w+/g,
      (event) => styled(36, event),
    )
    .replace("✔", styled(32, "✔"));
}

function bold(text: string): string {
  return styled(1, text);
}

function dim(text: string): string {
  return styled(2, text);
}

function red(text: string): string {
  return styled(31, text);
}

function styled(code: number, text: string): string {
  return wantsColours() ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** https://no-color.org; FORCE_COLOR is for those who pipe into something that shows colours. */
function wantsColours(): boolean {
  const { NO_COLOR = "", FORCE_COLOR = "" } = process.env;
  if (NO_COLOR !== "") return false;
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return process.stdout.isTTY === true && process.stdout.hasColors();
}
