/** What `npm run verify` has found, in a table and a list of what could not be had. */

import { bold, dim, green, red } from "./paint.ts";
import type { Result } from "./verify-places.ts";

const services = ["postgres", "rabbitmq"] as const;

export function printTable(checks: readonly string[], results: readonly Result[]): void {
  const rows = results.map(({ place, offers, outcomes }) => [
    place,
    ...services.map((service) => {
      const offer = offers[service];
      return "server" in offer ? offer.server : "–";
    }),
    ...checks.map((check) => {
      const outcome = outcomes.get(check);
      return outcome ? `${outcome.passed ? "✔" : "✘"} ${outcome.seconds.toFixed(0)} s` : "–";
    }),
  ]);
  const head = ["", "PostgreSQL", "RabbitMQ", ...checks];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const aligned = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  console.log(bold(aligned(head)));
  for (const row of rows) {
    console.log(aligned(row).replaceAll("✔", green("✔")).replaceAll("✘", red("✘")));
  }
  const missing = results.flatMap(({ place, offers }) =>
    services.flatMap((service) => {
      const offer = offers[service];
      return "why" in offer ? [`${place}, ${service}: ${offer.why}`] : [];
    }),
  );
  if (missing.length > 0) console.log("\nCould not be had here:");
  for (const line of missing) {
    const [first = "", ...others] = line.match(/\S.{0,73}(?=\s|$)|\S+/g) ?? [];
    console.log(dim([`  ${first}`, ...others.map((rest) => `    ${rest}`)].join("\n")));
  }
}
