/** An event store that rings the bell after each append. Given. */

import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";

/** The channel of LISTEN and NOTIFY. Its notifications say nothing but "look into the store". */
export const eventsChannel = "events_appended";

/**
 * Notifies after the append has committed and without waiting for it. Inside the append's
 * transaction a NOTIFY takes a lock at commit that all committing notifiers of the server share;
 * and a failed NOTIFY would undo the append. Here a lost one costs a polling interval.
 */
export function notifying(store: EventStore, db: Queryable): EventStore {
  const notify = coalesced(() => db.query(`notify ${eventsChannel}`));
  return {
    async append(streamId, events, expectedVersion) {
      const result = await store.append(streamId, events, expectedVersion);
      notify();
      return result;
    },
    readStream: (streamId, options) => store.readStream(streamId, options),
    readAll: (options) => store.readAll(options),
  };
}

/** However often it is called: one run at a time, and one after the last call. */
function coalesced(action: () => Promise<unknown>): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    running = true;
    do {
      again = false;
      await action().catch(() => undefined); // Polling finds what nobody was told of.
    } while (again);
    running = false;
  };
  return () => {
    again = true;
    if (!running) void run();
  };
}
