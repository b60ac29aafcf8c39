/** What each resolver gets beside its arguments. Given. */

import type { ApiRequest } from "../../shared/api/client-request.ts";
import type { ReservationSystem } from "./composition.ts";
import type { Live } from "./live.ts";
import type { Watch } from "./watch.ts";

export interface ApiContext extends ApiRequest {
  readonly system: Pick<ReservationSystem, "handle" | "store" | "readModel">;
  readonly live: Live;
  /** Milliseconds that a client who wants to see the own write waits at the most. */
  readonly waitAtMost: number;
  readonly watch?: Pick<Watch, "onAnswered">;
  /** ISO 8601 in UTC: the time travels in the command. */
  readonly now: (inMinutes?: number) => string;
}
