/** A client of the API, as a page has one: commands, queries, and subscriptions over server-sent events. */

export interface Answer {
  readonly __typename: string;
  readonly streamId?: string;
  readonly version?: number;
  readonly repeated?: boolean;
  readonly code?: string;
  readonly field?: string | null;
  readonly reservation?: { readonly status: string } | null;
  readonly readModelBehind?: { readonly wanted: number; readonly reached: number } | null;
}

export interface Options {
  readonly commandId?: string;
  readonly expectedVersion?: number;
  readonly waitForReadModel?: boolean;
}

/** Events as they come; each is handed out once. */
export interface Stream<T> {
  /** The next so many, waited for. */
  take(count: number): Promise<readonly T[]>;
  leave(): void;
}

export interface HistoryShown {
  readonly entries: readonly {
    readonly version: number;
    readonly stored: { readonly type: string };
    readonly meaning: readonly { readonly type: string }[];
    readonly changed: readonly { readonly field: string }[];
    readonly state: Readonly<Record<string, unknown>>;
  }[];
  readonly nextAfterVersion: number | null;
}

export interface ApiClient {
  create(input: object, options?: Options): Promise<Answer>;
  confirm(id: string, options?: Options): Promise<Answer>;
  cancel(id: string, reason: string, options?: Options): Promise<Answer>;
  changeStay(id: string, stay: object, options?: Options): Promise<Answer>;
  openHotel(id: string): Promise<Answer>;
  registerGuest(id: string): Promise<Answer>;
  book(id: string): Promise<Answer>;
  history(streamId: string, afterVersion: number, first: number): Promise<HistoryShown>;
  agrees(id: string): Promise<boolean>;
  /** Rooms taken in the nights of next year's 1 and 2 May. */
  occupancy(hotelId: string): Promise<readonly number[]>;
  raw(query: string): Promise<{ readonly text: string; readonly correlationId: string | null }>;
  events(
    after: string | null,
  ): Stream<{ cursor: string; event: { streamId: string; type: string } }>;
  streamEvents(streamId: string): Stream<{ type: string }>;
  changes(id: string): Stream<{ version: number; reservation: { status: string } | null }>;
  /** Ends every subscription that is open. */
  leave(): void;
}

const answer = `__typename
  ... on CommandAccepted {
    streamId version repeated reservation { status } readModelBehind { wanted reached }
  }
  ... on CommandRefused { code field }
  ... on Conflict { expected actual }`;

export function clientOf(url: string): ApiClient {
  const streams = new Set<AbortController>();
  const post = (query: string, variables: object = {}): Promise<Response> =>
    fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
  const ask = async <T>(query: string, variables: object = {}): Promise<T> => {
    const body = (await (await post(query, variables)).json()) as {
      data?: Record<string, T> | null;
      errors?: readonly object[];
    };
    const [data] = Object.values(body.data ?? {});
    if (body.errors || data === undefined) throw new Error(JSON.stringify(body.errors));
    return data;
  };
  const waiting = (options: Options = {}): Options => ({ waitForReadModel: true, ...options });
  const subscribe = <T>(query: string, variables: object): Stream<T> => {
    const leave = new AbortController();
    streams.add(leave);
    return streamOf(`${url}/graphql`, query, variables, leave);
  };

  return {
    create: (input, options) =>
      ask(
        `mutation ($input: CreateReservationInput!, $options: ReservationCommandOptions) {
           createReservation(input: $input, options: $options) { ${answer} } }`,
        { input, options: waiting(options) },
      ),
    confirm: (id, options) =>
      ask(
        `mutation ($id: ID!, $options: ReservationCommandOptions) {
           confirmReservation(reservationId: $id, options: $options) { ${answer} } }`,
        { id, options: waiting(options) },
      ),
    cancel: (id, reason, options) =>
      ask(
        `mutation ($id: ID!, $reason: String!, $options: ReservationCommandOptions) {
           cancelReservation(reservationId: $id, reason: $reason, options: $options) { ${answer} } }`,
        { id, reason, options: waiting(options) },
      ),
    changeStay: (id, stay, options) =>
      ask(
        `mutation ($id: ID!, $stay: StayInput!, $options: ReservationCommandOptions) {
           changeStay(reservationId: $id, stay: $stay, options: $options) { ${answer} } }`,
        { id, stay, options: waiting(options) },
      ),
    openHotel: (id) =>
      ask(
        `mutation ($id: ID!) {
           openHotel(hotelId: $id, rooms: { single: 0, double: 1, suite: 0 }) { ${answer} } }`,
        { id },
      ),
    registerGuest: (id) =>
      ask(
        `mutation ($id: ID!) {
           registerGuest(guestId: $id, credit: { amount: 50000, currency: "EUR" }) { ${answer} } }`,
        { id },
      ),
    book: (id) =>
      ask(`mutation ($id: ID!) { requestBooking(input: { reservationId: $id }) { ${answer} } }`, {
        id,
      }),
    history: (id, after, first) =>
      ask(
        `query ($id: ID!, $after: Int!, $first: Int!) {
           history(streamId: $id, afterVersion: $after, first: $first) {
             entries { version stored { type } meaning { type } changed { field } state }
             nextAfterVersion
           } }`,
        { id, after, first },
      ),
    async agrees(id) {
      const { agree } = await ask<{ agree: boolean }>(
        "query ($id: ID!) { comparison(reservationId: $id) { agree } }",
        { id },
      );
      return agree;
    },
    async occupancy(hotelId) {
      const year = new Date().getUTCFullYear() + 1;
      const nights = await ask<readonly { rooms: number }[]>(
        "query ($id: ID!, $from: Date!, $to: Date!) { occupancy(hotelId: $id, from: $from, to: $to) { rooms } }",
        { id: hotelId, from: `${year}-05-01`, to: `${year}-05-03` },
      );
      return nights.map(({ rooms }) => rooms);
    },
    async raw(query) {
      const response = await post(query);
      return {
        text: await response.text(),
        correlationId: response.headers.get("x-correlation-id"),
      };
    },
    events: (after) =>
      subscribe(
        "subscription ($after: Cursor) { events(after: $after) { cursor event { streamId type } } }",
        { after },
      ),
    streamEvents: (streamId) =>
      subscribe("subscription ($id: ID!) { streamEvents(streamId: $id) { type } }", {
        id: streamId,
      }),
    changes: (id) =>
      subscribe(
        "subscription ($id: ID!) { reservationChanged(id: $id) { version reservation { status } } }",
        { id },
      ),
    leave() {
      for (const stream of streams) stream.abort();
    },
  };
}

function streamOf<T>(
  url: string,
  query: string,
  variables: object,
  leave: AbortController,
): Stream<T> {
  const events: T[] = [];
  let failure: unknown;
  let wake: () => void = () => undefined;
  const read = async (): Promise<void> => {
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    const response = await fetch(`${url}?${search}`, {
      headers: { accept: "text/event-stream" },
      signal: leave.signal,
    });
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const json = /^data: (.+)$/m.exec(block)?.[1];
        if (json === undefined) continue;
        const { data, errors } = JSON.parse(json) as { data?: Record<string, T>; errors?: object };
        if (errors) throw new Error(JSON.stringify(errors));
        events.push(...Object.values(data ?? {}));
      }
      wake();
    }
  };
  read().catch((error: unknown) => {
    failure = error;
    wake();
  });
  return {
    async take(count) {
      while (events.length < count) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return events.splice(0, count);
    },
    leave: () => leave.abort(),
  };
}
