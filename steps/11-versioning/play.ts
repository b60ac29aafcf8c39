/** `npm run play 11`: rows of the first release, read by today's code; and one from the future. */

import { countNights } from "../01-aggregate/stay.ts";
import { startOfHistory } from "../02-replay/replay.ts";
import { rowsOf } from "./first-release.ts";
import { UnknownSchemaVersion } from "./releases.ts";
import { replayStored } from "./replay-stored.ts";
import { upcast } from "./upcast.ts";

const before = JSON.stringify(rowsOf("reservation-1").map(({ data }) => data));

console.log("row                                 what today's code reads\n");
for (const streamId of ["reservation-1", "reservation-2"]) {
  console.log(streamId);
  let replayed = startOfHistory;
  let events = 0;
  for (const row of rowsOf(streamId)) {
    const today = upcast(row);
    events += today.length;
    today.forEach((event, index) => {
      const stored = index === 0 ? `v${row.version}  ${row.type} ${row.schemaVersion}` : "";
      console.log(`  ${stored.padEnd(34)}${event.type} ${event.schemaVersion}`);
    });
    replayed = replayStored([row], replayed);
  }
  const { state, version } = replayed;
  if (state.status === "none") throw new Error(`${streamId} has left no reservation.`);
  const { amount, currency } = state.total;
  console.log(
    `  = ${state.status}, ${countNights(state.stay)} nights in ${state.hotelId}, ${(amount / 100).toFixed(2)} ${currency}`,
  );
  if (state.status === "cancelled") console.log(`    ${state.reason}, at ${state.cancelledAt}`);
  console.log(
    `  ${events} events in ${version} rows: the next append expects version ${version}\n`,
  );
}

console.log("A row from the future, after a deployment that was rolled back:");
for (const row of rowsOf("reservation-1").slice(1, 2)) {
  try {
    upcast({ ...row, schemaVersion: 3 });
    console.log("  read, as if its shape were known. What is in `total` now?");
  } catch (error) {
    if (!(error instanceof UnknownSchemaVersion)) throw error;
    console.log(`  refused: ${error.message}`);
  }
}

const after = JSON.stringify(rowsOf("reservation-1").map(({ data }) => data));
console.log(
  `\nThe rows are what they were: ${before === after ? "✔" : "✘ somebody wrote into them"}`,
);
