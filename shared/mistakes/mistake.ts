/** A named wrong solution of a step: the reference with one thing done as it is often done wrong. */

export interface Edit {
  /** Relative to the step's folder in solutions/. */
  readonly file: string;
  /** Stands exactly once in the reference's file, without its marks BEGIN and END SOLUTION. */
  readonly find: string;
  readonly replace: string;
}

interface Described {
  /** Unlike any other's of all steps. */
  readonly id: string;
  /** What was done, as a sentence whose subject is the code: `reads the clock while it folds`. */
  readonly title: string;
  /** Full names, `describe › it`, of the step's tests that go red: these, and no others. */
  readonly caughtBy: readonly string[];
  /** Tests that race on a real server: these go red as well when chance will have it. */
  readonly perhapsAlso?: readonly string[];
  /** Breaks the most of the step (more than ten tests): `caughtBy` names those that tell why. */
  readonly amongOthers?: true;
  /**
   * The files of the step's tests that are run on it; all of them where left out. For steps whose other
   * tests run the whole relay or subscriber: nearly each of them would wait for its time limit.
   */
  readonly triedBy?: readonly string[];
  readonly whatItCostsInProduction: string;
  /** Where the field has met it: the address of an issue or an article. */
  readonly seenIn?: string;
}

export type Mistake = Described & (Edit | { readonly edits: readonly Edit[] });

export function editsOf(mistake: Mistake): readonly Edit[] {
  return "edits" in mistake ? mistake.edits : [mistake];
}
