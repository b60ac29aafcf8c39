/**
 * `npm run load`: the whole system, a process for each role, driven through its API; how many commands a second,
 * and how long until the read model shows them, as a picture here and as an SVG file.
 *
 *   npm run load -- --rate 200 --seconds 30
 *   npm run load -- --rate max --clients 32         as fast as it goes, one after the other each
 *   npm run load -- --roles api*2,relay,projector,saga
 *   npm run load -- --url http://127.0.0.1:4000     a system that runs already, with its limits
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { drive, type Load } from "../shared/scale/load.ts";
import { plotAsSvg } from "../shared/scale/plot-svg.ts";
import { plotInTerminal } from "../shared/scale/plot-terminal.ts";
import { bucketsOf, percentile } from "../shared/scale/samples.ts";
import { withRoles } from "../shared/scale/with-roles.ts";
import { runCommand } from "../shared/workshop/command.ts";
import { parseRoles } from "../solutions/13-cqrs-demo/roles.ts";

/** What DESIGN.md asks for at 100 commands a second. */
const bar = { rate: 100, p50: 10, p99: 50 };

await runCommand("npm run load, or npm run load -- --rate max --seconds 30", async () => {
  const { values } = parseArgs({
    options: {
      rate: { type: "string", default: "100" },
      seconds: { type: "string", default: "20" },
      clients: { type: "string", default: "16" },
      roles: { type: "string", default: "api,relay,projector,saga" },
      svg: { type: "string", default: "load.svg" },
      url: { type: "string" },
    },
  });
  const rate = values.rate === "max" ? undefined : positive("rate", values.rate);
  const seconds = positive("seconds", values.seconds);
  const clients = positive("clients", values.clients);
  const { svg, url } = values;
  const through = async (urls: readonly string[], where: string): Promise<void> => {
    // What is loaded, compiled and prepared once is not what is measured.
    await drive({ urls, seconds: 2, rate: undefined, clients: 4 });
    console.log(`${rate ?? "As many as possible"} commands a second for ${seconds} s · ${where}`);
    show(await drive({ urls, seconds, rate, clients }), rate, svg);
  };
  if (url !== undefined) return through([url], url);
  const counts = parseRoles(values.roles);
  await withRoles(
    counts,
    ({ urls, servers }) =>
      through(urls, `${values.roles} · ${servers.postgres.label} · ${servers.rabbitmq.label}`),
    { onLine: (name, line) => console.log(`  ${name}  ${line}`) },
  );
});

function show(load: Load, rate: number | undefined, svg: string): void {
  const { samples, seconds, behind, failed, failure } = load;
  const buckets = bucketsOf(samples, seconds);
  for (const line of plotInTerminal(buckets)) console.log(line);
  const took = samples.map((sample) => sample.took);
  const [p50 = Number.NaN, p99 = Number.NaN] = [percentile(took, 50), percentile(took, 99)];
  const perSecond = samples.length / seconds;
  console.log(
    `\n${samples.length} commands, ${perSecond.toFixed(0)} a second · visible after ` +
      `${p50.toFixed(1)} ms (median), ${p99.toFixed(1)} ms (99 of 100) · ${behind} later than 2 s · ${failed} failed`,
  );
  if (failure !== undefined) console.log(`the first failed with: ${failure}`);
  if (rate === bar.rate) {
    const isReached = p50 <= bar.p50 && p99 <= bar.p99;
    console.log(`${isReached ? "✔" : "✘"} the bar: ${bar.p50} ms and ${bar.p99} ms`);
  }
  const title = `${perSecond.toFixed(0)} commands a second, visible after ${p50.toFixed(1)} ms (median)`;
  writeFileSync(svg, plotAsSvg(title, buckets));
  console.log(svg);
  if (failed > 0) process.exitCode = 1;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`--${name} is a number above 0, not ${text}.`);
}
