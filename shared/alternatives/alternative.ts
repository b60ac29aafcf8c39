/** Another right solution of a step: its files stand in `shared/alternatives/STEP/ID/`, in place of the reference's. */

export interface Alternative {
  /** The name of its folder, unlike any other's of all steps. */
  readonly id: string;
  /** What is different, as a sentence whose subject is the code: `keeps the rules in a class`. */
  readonly title: string;
  /** What it gains and what it costs, against the reference: two or three sentences. */
  readonly tradeOffs: string;
}
