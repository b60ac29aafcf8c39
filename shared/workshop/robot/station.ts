/** What the robot is made of: stations, one behind the other, in the clone of one learner. */

import type { Learner } from "./learner.ts";

export interface Station {
  readonly name: string;
  /**
   * Throws Fault where something is not as it should be. `maintainer` sits at the repository that was
   * cloned.
   */
  visit(learner: Learner, maintainer: Learner): Promise<void>;
}
