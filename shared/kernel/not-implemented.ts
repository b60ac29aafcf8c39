/** What a starter throws until the learner has written the function. */
export class NotImplemented extends Error {
  override readonly name = "NotImplemented";

  constructor(what: string) {
    super(`${what} is not written yet`);
  }
}
