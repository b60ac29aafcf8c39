/** Mutants that no test catches, and why that is right. */

export interface Excuse {
  /**
   * `equivalent`: no caller and no server can tell the difference, so it does not count.
   * `accepted`: something differs, which is none of the step's promises; it counts as a survivor.
   */
  readonly verdict: "equivalent" | "accepted";
  readonly because: string;
  readonly mutants: readonly Survivor[];
}

/** As the command prints it. */
export interface Survivor {
  /** Relative to the step's folder. */
  readonly file: string;
  /** The innermost function or constant around it that has a name; empty at the top of the file. */
  readonly in: string;
  /** What is mutated, on one line. */
  readonly mutated: string;
  readonly replacement: string;
  /** Which of those that look the same in there, counted from 1; 1 where it is left out. */
  readonly nth?: number;
}
