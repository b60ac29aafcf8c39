/** What a parent and its children say to each other. */

export type ToChild<Settings> =
  | { readonly kind: "start"; readonly settings: Settings }
  | { readonly kind: "stop" };

export interface FromChild {
  readonly kind: "ready";
  /** Where it is reached, if it serves something. */
  readonly url?: string;
}
