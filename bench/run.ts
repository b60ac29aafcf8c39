/** `npm run bench`: all benchmarks, or the ones that are named: `npm run bench append replay`. */

const benchmarks = ["append", "replay", "relay"] as const;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benchmarks.some((benchmark) => benchmark === name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. There are ${benchmarks.join(", ")}.`);
  process.exitCode = 1;
} else {
  console.log("Medians of interleaved rounds on one machine; the first line of a table is 1.00.");
  for (const name of benchmarks) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const benchmark = (await import(`./${name}.ts`)) as { run(): Promise<void> };
    await benchmark.run();
  }
}
