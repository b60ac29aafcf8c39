import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, vi } from "vitest";
import {
  type Answer,
  type ApiClient,
  clientOf,
  type Options,
} from "../../shared/testing/api-client.ts";
import { law } from "../../shared/testing/law.ts";
import { useProxies } from "../../shared/testing/proxies.ts";
import { costs } from "../../shared/testing/story.ts";
import {
  hashOf,
  now,
  settled,
  type TestServers,
  useServers,
  year,
} from "../../shared/testing/system.ts";
import { until } from "../../shared/testing/waiting.ts";
import { rebuild } from "../../solutions/09-rebuild/rebuild.ts";
import { startApi } from "./api.ts";
import { composeReservationSystem, knownProjections, type Role } from "./composition.ts";

// Whole systems, on servers that others may use as well.
vi.setConfig({ testTimeout: 60_000 });

const proxies = useProxies();
const test: TestServers = useServers();

const wishes = ["create", "confirm", "move", "cancel", "book", "send the last one again"] as const;
const faults = [
  "cut the broker off",
  "end all connections to the database",
  "restart the relay",
  "restart the projector",
] as const;
interface Action {
  readonly what: (typeof wishes)[number] | (typeof faults)[number];
  readonly reservation: number;
}
const wish = fc.record(
  { what: fc.constantFrom(...wishes), reservation: fc.integer({ min: 1, max: 3 }) },
  { noNullPrototype: true },
);
const fault = fc.record(
  { what: fc.constantFrom(...faults), reservation: fc.constant(0) },
  { noNullPrototype: true },
);
const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: wish }, { weight: 1, arbitrary: fault }),
  { minLength: 4, maxLength: 12 },
);

describe("whatever comes through the API", () => {
  costs(
    "the numbers on the board are a little wrong, for months, and every restart makes another one",
  );

  law("api", "and whatever breaks meanwhile, the read model is what the events add up to", {
    given: [actions],
    seed: 13,
    runs: 3,
    endOnFailure: true,
    async holds(actions) {
      const system = await start();
      for (const action of actions) await act(system, action);
      await settled(test);
      // Bookings may go on meanwhile: what is stored is looked at anew each time.
      let stored: readonly string[] = [];
      const difference = async (): Promise<unknown> => {
        stored = await storedInOrder();
        const told = system.told();
        return isDeepStrictEqual(told, stored) ? "none" : { told, stored };
      };
      await until("the difference of what was told and what is stored", difference, "none");
      expect(stored.length).toBeGreaterThan(0);
    },
    story: (actions) => ({
      given:
        "relay, projector, saga and API as roles of their own, and somebody who hears of all events",
      when: actions.map(({ what, reservation }) =>
        reservation === 0
          ? what
          : `${what}${what.startsWith("send") ? "" : ` reservation-${reservation}`}`,
      ),
      wanted: "the read model as a replay gives it; each event told once, in commit order",
    }),
  });

  law("hash", "built anew from the log it is the same, to the last byte", {
    // Without what goes on by itself while it is built anew.
    given: [
      actions.map((all) =>
        all.filter(({ what, reservation }) => reservation > 0 && what !== "book"),
      ),
    ],
    seed: 13,
    runs: 1,
    endOnFailure: true,
    async holds(actions) {
      const system = await start();
      for (const action of actions) await act(system, action);
      await settled(test);
      const hashes = [await hashOf(test.database.setUpPool)];
      const [projection] = knownProjections();
      if (!projection) return expect.fail("there is no projection");
      for (let time = 0; time < 2; time += 1) {
        await rebuild({ pool: test.database.setUpPool, projection });
        hashes.push(await hashOf(test.database.setUpPool));
      }
      expect(hashes, "the hash of the live one, and of two that were built").toEqual(
        hashes.map(() => hashes[0]),
      );
    },
    story: (actions) => ({
      given: "the system and its API",
      when: [
        ...actions.map(({ what, reservation }) => `${what} reservation-${reservation}`),
        "the read model is built anew, twice",
      ],
      wanted: "one hash",
    }),
  });
});

interface Running {
  readonly client: ApiClient;
  /** Restarts a role as a deployment does: one ends, another begins. */
  restart(role: Role): Promise<void>;
  cut(): void;
  told(): readonly string[];
  last: ((client: ApiClient) => Promise<unknown>) | undefined;
  /** Names of this case's reservations: the cases of a law share one store. */
  readonly name: string;
}

let shared: Promise<Omit<Running, "name" | "last">> | undefined;
let cases = 0;

/** The cases of one law share its system; what a test leaves behind ends with it. */
async function start(): Promise<Running> {
  cases += 1;
  shared ??= compose();
  return { ...(await shared), name: `case-${cases}`, last: undefined };
}

async function compose(): Promise<Omit<Running, "name" | "last">> {
  // The next test has servers of its own.
  test.ends({
    stop: async () => {
      shared = undefined;
    },
  });
  const servers = test.servers();
  const proxy = await proxies.before(servers.amqpUrl);
  const options = { ...servers, amqpUrl: proxy.url, now };
  const begin = async (role: Role) =>
    test.ends(await composeReservationSystem({ ...options, roles: [role] }));
  const roles = new Map<Role, Awaited<ReturnType<typeof begin>>>();
  for (const role of ["projector", "saga", "relay"] as const) roles.set(role, await begin(role));
  const desk = test.ends(await composeReservationSystem({ ...options, roles: [] }));
  const api = test.ends(await startApi({ ...options, system: desk }));
  const client = clientOf(api.url);
  await client.openHotel("astoria");
  await client.registerGuest("ada");
  const told: string[] = [];
  let isOver = false;
  test.ends({
    stop: async () => {
      isOver = true;
      client.leave();
    },
  });
  const listen = async (): Promise<void> => {
    let cursor: string | null = null;
    while (!isOver) {
      const events = client.events(cursor);
      try {
        for (;;) {
          for (const each of await events.take(1)) {
            cursor = each.cursor;
            told.push(`${each.event.streamId} ${each.event.type}`);
          }
        }
      } catch {
        // Its connection to the database was ended: it comes back with its cursor.
      }
    }
  };
  void listen();
  return {
    client,
    cut: () => void proxy.cut(),
    async restart(role) {
      await roles.get(role)?.stop();
      roles.set(role, await begin(role));
    },
    told: () => told,
  };
}

async function act(system: Running, { what, reservation }: Action): Promise<void> {
  const id = `reservation-${system.name}-${reservation}`;
  const send = async (command: (client: ApiClient, options: Options) => Promise<Answer>) => {
    const commandId = randomUUID();
    // No waiting: what is broken now is mended later.
    system.last = (client) => insist(() => command(client, { commandId, waitForReadModel: false }));
    await system.last(system.client);
  };
  switch (what) {
    case "create":
      return send((client, options) => client.create({ reservationId: id, ...wanted }, options));
    case "confirm":
      return send((client, options) => client.confirm(id, options));
    case "move":
      return send((client, options) =>
        client.changeStay(id, { ...wanted.stay, departure: `${year}-05-04` }, options),
      );
    case "cancel":
      return send((client, options) => client.cancel(id, "plans changed", options));
    case "book":
      return void (await insist(() => system.client.book(id)));
    case "send the last one again":
      return void (await system.last?.(system.client));
    case "cut the broker off":
      return system.cut();
    case "end all connections to the database":
      return void (await test.database.setUpPool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database()
            and application_name ~ '^(reservations|relay|dispatcher|subscriptions)'`,
      ));
    case "restart the relay":
      return system.restart("relay");
    case "restart the projector":
      return system.restart("projector");
  }
}

const wanted = {
  hotelId: "astoria",
  guestId: "ada",
  roomType: "double",
  guests: 2,
  stay: { arrival: `${year}-05-01`, departure: `${year}-05-03` },
  pricePerNight: { amount: 12_000, currency: "EUR" },
};

/** Whether it was done is not known after a failure of ours: then it is sent again, with its id. */
async function insist(send: () => Promise<Answer>): Promise<Answer> {
  for (let times = 1; ; times += 1) {
    try {
      return await send();
    } catch (error) {
      if (times === 10 || !String(error).includes("INTERNAL")) throw error;
    }
  }
}

/** All events in the order of their commits. */
async function storedInOrder(): Promise<readonly string[]> {
  const { rows } = await test.database.setUpPool.query<{ told: string }>(
    "select stream_id || ' ' || type as told from events order by transaction_id, position",
  );
  return rows.map(({ told }) => told);
}
