/** How far a rebuild is, as data: whoever shows it rounds it. */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";

export interface Progress {
  /** Events that are in the build. */
  readonly done: number;
  /** Events that there are, as far as is known: more are written meanwhile. */
  readonly total: number;
  /** Events a second, in this run. */
  readonly perSecond: number;
  /** Undefined while nothing is known yet. */
  readonly secondsLeft: number | undefined;
}

export interface Measured {
  readonly done: number;
  /** How many an interrupted run before this one had done. */
  readonly doneBefore: number;
  /** Counted when this run began. */
  readonly total: number;
  /** Since this run began. */
  readonly milliseconds: number;
}

export function progressOf({ done, doneBefore, total, milliseconds }: Measured): Progress {
  // TODO: the rate is that of this run: what was done before it took time that nobody
  // measured. No rate yet: 0 a second, and the time left is unknown. More done than there were: the
  // total is what is done
  throw new NotImplemented("progressOf");
}
