/**
 * `npm run chaos`: commands come in through the API, processes of every role are killed, both servers are cut,
 * stalled, slow and away; and at the end each command that was acknowledged is looked for in the store, and the
 * read model is held against the replay.
 *
 *   npm run chaos -- --minutes 10 --seed 42
 *   npm run chaos -- --seconds 20 --roles api,relay,projector,saga
 *
 * A command of its own: it is no benchmark, and runs for as long as one likes. Ends with 1 where anything is wrong.
 */

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { startProxy } from "../shared/infrastructure/proxy.ts";
import type { Infrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { type BlowCounts, strike } from "../shared/scale/blows.ts";
import { isClean, judge, type Verdict } from "../shared/scale/judge.ts";
import { startTraffic, type Traffic } from "../shared/scale/traffic.ts";
import { type Through, withRoles } from "../shared/scale/with-roles.ts";
import { runCommand } from "../shared/workshop/command.ts";
import { parseRoles } from "../solutions/13-cqrs-demo/roles.ts";

await runCommand("npm run chaos -- --minutes 10 --seed 42", async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string" },
      clients: { type: "string", default: "4" },
      roles: { type: "string", default: "api*2,relay*2,projector*2,saga*2" },
      quiet: { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.seconds ?? Number(values.minutes ?? 1) * 60);
  const clients = Number(values.clients);
  const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
  if (!(seconds > 0) || !Number.isInteger(clients) || clients < 1 || !Number.isInteger(seed)) {
    throw new RangeError("Minutes are above 0, clients and the seed are whole numbers.");
  }
  const began = performance.now();
  const say = (text: string): void => {
    if (!values.quiet)
      console.log(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)} s  ${text}`);
  };
  const counts = parseRoles(values.roles);
  const lines = new Map<string, Awaited<ReturnType<typeof startProxy>>>();
  const through = async ({ databaseUrl, amqpUrl }: Infrastructure): Promise<Through> => {
    const [toPostgres, toRabbit] = [await startProxy(databaseUrl), await startProxy(amqpUrl)];
    lines.set("postgres", toPostgres).set("rabbitmq", toRabbit);
    const stop = async (): Promise<void> => {
      await Promise.all([toPostgres.stop(), toRabbit.stop()]);
    };
    return { databaseUrl: toPostgres.url, amqpUrl: toRabbit.url, stop };
  };
  console.log(`Chaos for ${seconds} s · seed ${seed} · ${values.roles} · ${clients} clients`);
  await withRoles(
    counts,
    async ({ fleet, urls, pool }) => {
      const until = AbortSignal.timeout(seconds * 1_000);
      const traffic = startTraffic({ urls, seed, clients, until });
      const blows = await strike({
        ...{ fleet, seed, until, say, pause: 3_000 },
        lines: Object.fromEntries(lines),
      });
      const sent = await traffic.ended;
      say("all commands are answered; the system comes to rest");
      await fleet.ready();
      const verdict = await judge(pool, sent, 300_000);
      show(sent, blows, verdict);
      if (!isClean(verdict)) process.exitCode = 1;
    },
    { through, onLine: (name, line) => say(`${name}  ${line.slice(0, 100)}`) },
  );
});

function show(sent: Traffic, blows: BlowCounts, verdict: Verdict): void {
  const { acknowledged, booked, resent, repeated, refused, unanswered } = sent;
  const { events, lost, doubled, differences, notConserved } = verdict;
  const happened = [...blows].sort().map(([what, times]) => `${what} ${times}`);
  const lines = [
    `\n${sent.sent} commands sent, ${resent} of them more than once · ${booked.length} bookings`,
    `${acknowledged.length} acknowledged · ${refused} refused · ${repeated} answered from an earlier delivery · ${unanswered} without an answer`,
    `${events} events stored · ${lost.length} acknowledged commands lost · ${doubled.length} doubled`,
    `read model ${differences.length === 0 ? "= replay ✔" : `differs from the replay in ${differences.length} rows ✘`}`,
    `rooms and credit ${notConserved === undefined ? "conserved ✔" : `✘ ${notConserved}`}`,
    `what happened: ${happened.join(" · ")}`,
  ];
  for (const line of lines) console.log(line);
  for (const what of [...lost, ...doubled, ...differences].slice(0, 20)) console.log(`  ✘ ${what}`);
}
