/** What the page asks the server: GraphQL for what an application would, the lab for the rest. */

/**
 * @typedef {{ readonly version: number, readonly type: string, readonly schemaVersion: number,
 *   readonly data: unknown, readonly recordedAt: string, readonly position: string,
 *   readonly correlationId: string | null }} StoredEvent
 * @typedef {{ readonly field: string, readonly before: unknown, readonly after: unknown }} FieldChange
 * @typedef {{ readonly version: number, readonly stored: StoredEvent,
 *   readonly meaning: readonly { readonly type: string, readonly data: unknown }[],
 *   readonly changed: readonly FieldChange[], readonly state: Readonly<Record<string, unknown>> }} HistoryEntry
 * @typedef {{ readonly agree: boolean, readonly rowVersion: number, readonly storeVersion: number,
 *   readonly row: Readonly<Record<string, unknown>> | null }} Comparison
 * @typedef {{ readonly __typename: "CommandAccepted", readonly streamId: string, readonly version: number,
 *   readonly events: readonly string[], readonly repeated: boolean,
 *   readonly readModelBehind: { readonly reached: number } | null }} Accepted
 * @typedef {{ readonly __typename: "CommandRefused", readonly code: string, readonly message: string }} RefusedCommand
 * @typedef {{ readonly __typename: "Conflict", readonly streamId: string, readonly expected: number,
 *   readonly actual: number }} Conflict
 * @typedef {Accepted | RefusedCommand | Conflict} CommandAnswer
 */

/** Said in words that can be shown. */
export class Problem extends Error {}

/**
 * @template Data the shape that the query asks for, as whoever calls this knows
 * @param {string} query
 * @param {Readonly<Record<string, unknown>>} variables
 * @returns {Promise<Data>}
 */
async function graphql(query, variables = {}) {
  /** @type {{ readonly data?: Data, readonly errors?: readonly { readonly message: string }[] }} */
  const { data, errors } = await ask("/graphql", { query, variables });
  const [error] = errors ?? [];
  if (error) throw new Problem(error.message);
  if (!data) throw new Problem("The server has answered nothing.");
  return data;
}

/**
 * @template Result what the experiment tells
 * @param {string} action
 * @param {Readonly<Record<string, unknown>>} [wanted]
 * @returns {Promise<Result>}
 */
export function lab(action, wanted = {}) {
  return ask(`/lab/${action}`, wanted);
}

/**
 * @template Answer
 * @param {string} path
 * @returns {Promise<Answer>}
 */
export async function get(path) {
  const response = await reached(fetch(path));
  if (!response.ok) throw new Problem(`The server answers ${response.status}.`);
  return response.json();
}

/**
 * @template Answer
 * @param {string} path
 * @param {object} body
 * @returns {Promise<Answer>}
 */
async function ask(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await reached(
    fetch(path, { method: "POST", headers, body: JSON.stringify(body) }),
  );
  const answer = await response.json().catch(() => ({}));
  if (response.ok || Array.isArray(answer.errors)) return answer;
  throw new Problem(answer.error ?? `The server answers ${response.status}.`);
}

/**
 * @param {Promise<Response>} request
 * @returns {Promise<Response>}
 */
async function reached(request) {
  try {
    return await request;
  } catch {
    throw new Problem("The server does not answer. Is the demo still running?");
  }
}

const event = "version type schemaVersion data recordedAt position correlationId";

/**
 * The events of a stream after a version, all of them.
 *
 * @param {string} streamId
 * @param {number} [afterVersion]
 * @returns {Promise<readonly HistoryEntry[]>}
 */
export async function readHistory(streamId, afterVersion = 0) {
  const query = `query History($streamId: ID!, $afterVersion: Int!) {
    history(streamId: $streamId, afterVersion: $afterVersion, first: 100) {
      nextAfterVersion
      entries { version stored { ${event} } meaning { type data } changed { field before after } state }
    }
  }`;
  /** @type {HistoryEntry[]} */
  const entries = [];
  for (let after = afterVersion; ; ) {
    /** @type {{ readonly history: { readonly entries: readonly HistoryEntry[], readonly nextAfterVersion: number | null } }} */
    const { history } = await graphql(query, { streamId, afterVersion: after });
    entries.push(...history.entries);
    if (history.nextAfterVersion === null) return entries;
    after = history.nextAfterVersion;
  }
}

/**
 * @param {string} reservationId
 * @returns {Promise<Comparison>}
 */
export async function readComparison(reservationId) {
  const query = `query Comparison($id: ID!) {
    comparison(reservationId: $id) {
      agree rowVersion storeVersion
      row { reservationId: id hotelId guestId roomType guests status stay { arrival departure } nights
            total { amount currency } reason: cancellationReason updatedAt }
    }
  }`;
  /** @type {{ readonly comparison: Comparison }} */
  const { comparison } = await graphql(query, { id: reservationId });
  return comparison;
}

/**
 * @param {string} reservationId
 * @param {string} time
 * @returns {Promise<Readonly<Record<string, unknown>>>} the state
 */
export async function readStateBefore(reservationId, time) {
  const query = `query StateBefore($id: ID!, $time: DateTime!) {
    stateBefore(reservationId: $id, time: $time) { state }
  }`;
  /** @type {{ readonly stateBefore: { readonly state: Readonly<Record<string, unknown>> } }} */
  const { stateBefore } = await graphql(query, { id: reservationId, time });
  return stateBefore.state;
}

const answer = `{ __typename
  ... on CommandAccepted { streamId version events repeated readModelBehind { reached } }
  ... on CommandRefused { code message }
  ... on Conflict { streamId expected actual }
}`;

/** The mutations, with the types of their variables. */
const mutations = {
  createReservation: "$input: CreateReservationInput!, $options: ReservationCommandOptions",
  confirmReservation: "$reservationId: ID!, $options: ReservationCommandOptions",
  changeStay: "$reservationId: ID!, $stay: StayInput!, $options: ReservationCommandOptions",
  cancelReservation: "$reservationId: ID!, $reason: String!, $options: ReservationCommandOptions",
  openHotel: "$hotelId: ID!, $rooms: RoomsInput!, $options: CommandOptions",
  registerGuest: "$guestId: ID!, $credit: MoneyInput!, $options: CommandOptions",
  requestBooking: "$input: RequestBookingInput!, $options: CommandOptions",
};

/**
 * @param {keyof typeof mutations} name
 * @param {Readonly<Record<string, unknown>>} variables
 * @returns {Promise<CommandAnswer>}
 */
export async function send(name, variables) {
  const types = mutations[name];
  const handedOn = [...types.matchAll(/\$(\w+)/g)]
    .map(([, each]) => `${each}: $${each}`)
    .join(", ");
  const query = `mutation (${types}) { result: ${name}(${handedOn}) ${answer} }`;
  /** @type {{ readonly result: CommandAnswer }} */
  const { result } = await graphql(query, variables);
  return result;
}

/**
 * @param {CommandAnswer} given
 * @returns {string} what a person is told
 */
export function inWords(given) {
  switch (given.__typename) {
    case "CommandAccepted": {
      const { events, repeated, streamId, version, readModelBehind } = given;
      const what = repeated
        ? "stored before"
        : events.length === 0
          ? "nothing left to do"
          : "stored";
      const names = events.length > 0 ? `${events.join(", ")} ` : "";
      const behind = readModelBehind
        ? ` The read model has version ${readModelBehind.reached} so far; the write is safe.`
        : "";
      return `${names}${what}: ${streamId} is at version ${version}.${behind}`;
    }
    case "CommandRefused":
      return `Refused, ${given.code}: ${given.message}`;
    case "Conflict":
      return `Conflict: ${given.streamId} is at version ${given.actual}, expected was ${given.expected}. Nothing was written.`;
  }
}
