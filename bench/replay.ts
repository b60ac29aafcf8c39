/** Replays a stream of 1,000 events into its state, beside a bare `select *` of the same rows. */

import { postgresEventStore } from "../solutions/04-concurrency/event-store.ts";
import { load } from "../solutions/05-command-handlers/repository.ts";
import { interleaved } from "./measure.ts";
import { longHistory } from "./reservation-history.ts";
import { printTable } from "./table.ts";
import { withEventStore } from "./with-event-store.ts";

const length = 1_000;
const replays = 10;

export function benchReplay(): Promise<void> {
  return withEventStore(async (pool) => {
    const streamId = "reservation-1";
    const store = postgresEventStore(pool);
    await store.append(streamId, longHistory(streamId, length), "no-stream");
    const repeat = (read: () => Promise<unknown>) => async (): Promise<number> => {
      for (let count = 0; count < replays; count++) await read();
      return replays * length;
    };
    const variants = [
      {
        name: "bare select *",
        run: repeat(() =>
          pool.query("select * from events where stream_id = $1 order by version", [streamId]),
        ),
      },
      { name: "load of step 05", run: repeat(() => load(store, streamId)) },
    ];
    printTable(`replay of ${length} events into state`, await interleaved(21, variants), 1);
  });
}
