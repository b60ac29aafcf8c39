// @ts-check
/**
 * Runs beside a test worker's own thread, and ends the worker when that has been deaf for too long: in
 * a loop without an await no time limit of the tests can strike. Before, it asks the debugger where
 * the loop is. Plain JavaScript, since a thread starts faster without a loader.
 */

import { writeFileSync, writeSync } from "node:fs";
import { Session } from "node:inspector";
import { SourceMap } from "node:module";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

/** @type {{ beats: Int32Array, settings: import("./stall-thread.ts").StallSettings }} */
const {
  beats,
  settings: { limit, word },
} = workerData;

/** The id of the test that runs; none while a file is loaded. @type {string | undefined} */
let test;
parentPort?.on("message", (id) => {
  test = id;
});

let seen = Atomics.load(beats, 0);
let since = process.cpuUsage();
const watch = setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== seen) {
    seen = now;
    since = process.cpuUsage();
    return;
  }
  // Not by the clock: on a busy machine a worker may get no turn for long.
  const { user, system } = process.cpuUsage(since);
  if ((user + system) / 1000 < limit) return;
  clearInterval(watch);
  tellAndEnd();
}, limit / 20);

function tellAndEnd() {
  // Should the debugger not answer, the worker ends all the same.
  setTimeout(() => end([]), 2_000);
  /** @type {Map<string, import("node:inspector").Debugger.ScriptParsedEventDataType>} */
  const scripts = new Map();
  const session = new Session();
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => {
    scripts.set(params.scriptId, params);
  });
  session.on("Debugger.paused", ({ params }) => {
    end(params.callFrames.map((frame) => placeOf(frame, scripts.get(frame.location.scriptId))));
  });
  session.post("Debugger.enable", () => session.post("Debugger.pause"));
}

/**
 * @param {import("node:inspector").Debugger.CallFrame} frame
 * @param {import("node:inspector").Debugger.ScriptParsedEventDataType | undefined} script
 */
function placeOf({ functionName, location }, script) {
  const { url = "", sourceMapURL = "" } = script ?? {};
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  const { lineNumber, columnNumber = 0 } = location;
  const [, encoded] = sourceMapURL.split(";base64,");
  if (encoded === undefined) return { functionName, file, line: lineNumber + 1 };
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")));
  const entry = map.findEntry(lineNumber, columnNumber);
  const line = "originalLine" in entry ? entry.originalLine : lineNumber;
  return { functionName, file, line: line + 1 };
}

/** @param {readonly { functionName: string, file: string, line: number }[]} frames */
function end(frames) {
  if ("folder" in word) {
    writeFileSync(join(word.folder, `${process.pid}.json`), JSON.stringify({ test, frames }));
  } else {
    const frame = frames.find(({ file }) => file.startsWith(word.within)) ?? frames[0];
    const file = frame && relative(word.root, frame.file).split(sep).join("/");
    writeSync(2, word.text.replace("PLACE", frame ? `${file}:${frame.line}` : "unknown"));
  }
  process.kill(process.pid, "SIGKILL");
}
