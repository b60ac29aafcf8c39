/**
 * `npm run infra`: which servers a run would use here and why not others; starts them for other
 * tools, prints their URLs, and stays up until Ctrl-C or SIGTERM. Ends with 1 where there is none.
 */

import { withoutPassword } from "../infrastructure/address.ts";
import { InfrastructureMissing, type RunningService } from "../infrastructure/ladder.ts";
import { startPostgres } from "../infrastructure/postgres.ts";
import { startRabbitMQ } from "../infrastructure/rabbitmq.ts";
import { currentRun } from "../infrastructure/run.ts";
import { bold, dim, red } from "./paint.ts";

for (const notice of (await currentRun()).notices) console.error(notice);
// Registered behind the run's own, which cleans up. To be interrupted is the way to end this.
process.on("exit", (code) => {
  if (code <= 128) return;
  process.exitCode = 0;
  console.log("What was started is stopped and removed.");
});
const lines = [
  await show("DATABASE_URL", "PostgreSQL", startPostgres),
  await show("AMQP_URL", "RabbitMQ", startRabbitMQ),
].filter((line) => line !== undefined);

if (lines.length === 0) process.exit(1);
console.log(`\n${lines.join("\n")}\n\n${dim("For another terminal. Up until Ctrl-C.")}`);
setInterval(() => {}, 60_000);

/** Starts the service and shows where it comes from; returns the line to copy. */
async function show(
  variable: string,
  service: string,
  start: () => Promise<RunningService>,
): Promise<string | undefined> {
  try {
    const { url, label, rung, passedOver } = await start();
    console.log(bold(label));
    for (const line of passedOver) {
      const [place = "", ...why] = line.split(": ");
      printHanging(`  not ${place}`, 15, why.join(": "));
    }
    // Its password came from the environment, and stays there.
    return rung === "urls"
      ? `# ${variable} is yours: ${withoutPassword(url)}`
      : `${variable}=${url}`;
  } catch (error) {
    if (!(error instanceof InfrastructureMissing)) throw error;
    console.log(red(`no ${service}`));
    for (const line of error.message.split("\n")) printHanging("", 2, line);
    return undefined;
  }
}

/** Wraps the text behind its label to 80 columns. */
function printHanging(label: string, indent: number, text: string): void {
  const lines = text.match(new RegExp(`\\S.{0,${78 - indent}}(?=\\s|$)|\\S+`, "g")) ?? [];
  for (const [index, line] of lines.entries()) {
    console.log(dim(`${(index === 0 ? label : "").padEnd(indent)}${line}`));
  }
}
