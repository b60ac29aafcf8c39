/** Reasons that hold in more than one step. */

/** For the name of a prepared statement. Accepted: it can be seen, by a clock. */
export const withoutAName =
  "Without a name the server plans a statement anew each time: the answer is the same, and how long it takes is for npm run bench.";
