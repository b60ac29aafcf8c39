/** Heartbeats (specification 4.2.7): a peer that is silent for two intervals is gone. */

import { writeHeartbeat } from "./frame.ts";
import type { Output } from "./output.ts";

interface Peer {
  /** Whether anything came since `listenAgain`. */
  wasHeard(): boolean;
  listenAgain(): void;
  lost(): void;
}

/** Sends a heartbeat whenever nothing else was sent for half an interval. An interval of 0 means none. */
export function startHeartbeats(
  seconds: number,
  output: Output,
  peer: Peer,
): NodeJS.Timeout | undefined {
  if (seconds === 0) return undefined;
  let silentHalves = 0;
  const beat = setInterval(() => {
    if (!output.hasSentSince()) {
      writeHeartbeat(output.writer);
      output.schedule();
    }
    silentHalves = peer.wasHeard() ? 0 : silentHalves + 1;
    peer.listenAgain();
    if (silentHalves >= 4) peer.lost();
  }, seconds * 500);
  return beat.unref();
}
