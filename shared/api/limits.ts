/** How much one client may ask for. All of it can be set; these are for a demonstration on one machine. */

export interface Limits {
  /** How deep a query may nest; introspection has a rule of its own in GraphQL.js. */
  readonly depth: number;
  /** Fields that a query may lead to, where what stands below a page counts `first` times. */
  readonly cost: number;
  /** Words and signs in a query: what is longer is not even parsed. */
  readonly tokens: number;
  readonly bodyBytes: number;
  /** Requests that one client may send at once, and how many a second it gets back. */
  readonly burst: number;
  readonly perSecond: number;
  /** Milliseconds for a query or a mutation. */
  readonly requestTime: number;
  readonly subscriptionsPerClient: number;
  readonly subscriptions: number;
  /** Milliseconds for which a reader may take nothing of what is ready for it. */
  readonly slowReader: number;
  /** Milliseconds that what is under way has at the end. */
  readonly closing: number;
}

export const defaultLimits: Limits = {
  depth: 12,
  cost: 5_000,
  tokens: 2_000,
  bodyBytes: 100_000,
  burst: 200,
  perSecond: 100,
  requestTime: 10_000,
  subscriptionsPerClient: 100,
  subscriptions: 2_000,
  slowReader: 10_000,
  closing: 5_000,
};
