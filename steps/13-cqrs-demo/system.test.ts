import { describe, expect, it, vi } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { thrownBy } from "../../shared/testing/api.ts";
import { costs, story } from "../../shared/testing/story.ts";
import {
  creation,
  now,
  requestBooking,
  settled,
  useServers,
  writeFirstRelease,
} from "../../shared/testing/system.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { liveVersion } from "../../solutions/09-rebuild/live-projection.ts";
import { rebuild } from "../../solutions/09-rebuild/rebuild.ts";
import { knownProjections } from "../../solutions/13-cqrs-demo/composition.ts";
import { installTables } from "../../solutions/13-cqrs-demo/schema-files.ts";
import { composeReservationSystem, partsOf, type Role } from "./composition.ts";

// Whole systems, on servers that others may use as well.
vi.setConfig({ testTimeout: 60_000 });

const test = useServers();

describe("the system, put together", () => {
  costs("each part is tested and green, and an event that one of them writes reaches no other");

  it("carries a command's event into the read model", async () => {
    story({
      given: "all roles in one process",
      when: "reservation-1 is created",
      wanted: "its row, as a replay has it; its event with today's schemaVersion",
    });
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    await system.handle(creation("reservation-1"));
    await settled(test);
    const [stored] = await types();
    expect(stored).toBe("ReservationCreated 3");
  });

  it("shows what earlier releases have written", async () => {
    story({
      given: "a store with the nine rows of the first release, and no read model",
      when: "the system is started",
      wanted: "four reservations, also the one that was booked and confirmed in one row",
    });
    await installTables(test.database.setUpPool);
    await writeFirstRelease(test.store());
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    await settled(test);
    const { rows: shown } = await system.readModel.query("select from reservations_view");
    expect(shown).toHaveLength(4);
  });

  it("goes on projecting when another version of the read model has gone live", async () => {
    story({
      given:
        "a running system, and version 2 of the read model, built beside the first and swapped in",
      when: "a reservation is created",
      wanted: "its row in version 2: the projector knows both versions, and was not restarted",
      costs: "the swap of a Sunday night goes well, and no row changes until somebody deploys",
    });
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    await system.handle(creation("reservation-1"));
    await settled(test);
    const projection = knownProjections().find(({ version }) => version === 2);
    if (!projection) return expect.fail("version 2 is not there");
    await rebuild({ pool: test.database.setUpPool, projection });
    await system.handle(creation("reservation-2"));
    await settled(test);
    expect(await liveVersion(test.database.setUpPool), "the live version").toBe(2);
  });

  it("completes a booking, whose events all belong to its request", async () => {
    story({
      given: "the Astoria has one double, ada 500.00 EUR",
      when: "a reservation is created, and its booking requested",
      wanted: "charged, held, confirmed; ReservationConfirmed has the request's correlationId",
    });
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now }));
    const correlationId = await requestBooking(system.store, "reservation-1", (command) =>
      system.handle(command),
    );
    await until(
      "the booking's last event",
      async () => (await types("booking-reservation-1")).at(-1),
      "BookingCompleted 1",
      test.troubles,
    );
    const confirmed = (await rows("reservation-1")).at(-1);
    expect([confirmed?.type, confirmed?.metadata.correlationId]).toEqual([
      "ReservationConfirmed",
      correlationId,
    ]);
    await settled(test);
  });

  it("ends a booking whose time is over by the clock that it was given", async () => {
    story({
      given: "a saga whose clock is an hour ahead, and no relay: no answer reaches the booking",
      when: "a booking is requested that has 15 minutes",
      wanted: "it turns back at once, because it has timed out",
      costs:
        "what is tested with a clock of its own in the evening waits for the real one at night",
    });
    const anHourAhead = (): string => now(60);
    const options = { ...test.servers(), now: anHourAhead, roles: ["saga"] as const };
    const system = test.ends(await composeReservationSystem(options));
    await requestBooking(system.store, "reservation-1");
    const reason = async (): Promise<unknown> => {
      const last = (await rows("booking-reservation-1")).at(-1);
      return Object(last?.data).reason ?? `it has not: its last event is ${last?.type}`;
    };
    await until("why the booking has turned back", reason, "timed-out", test.troubles);
  });

  it("tells who watches of each event on its way", async () => {
    story({
      given: "all roles in one process, and somebody who watches",
      when: "a reservation is created",
      wanted: "it was published, projected, and heard by the bookings",
      costs: "the first incident, and the log of three processes is empty",
    });
    const seen = new Set<string>();
    const note =
      (what: string) =>
      ({ streamId }: EventEnvelope): void =>
        void seen.add(`${streamId} ${what}`);
    const watch = {
      onPublished: note("published"),
      onProjected: note("projected"),
      onHeard: note("heard"),
    };
    const system = test.ends(await composeReservationSystem({ ...test.servers(), now, watch }));
    await system.handle(creation("reservation-1"));
    await until("what was told", () => [...seen].sort(), [
      "reservation-1 heard",
      "reservation-1 projected",
      "reservation-1 published",
    ]);
  });

  it("runs as roles that share nothing but the servers", async () => {
    story({
      given: "relay, projector and saga, each composed alone, and one that only takes commands",
      when: "a reservation is created and booked at the last one",
      wanted: "a completed booking, and the read model as a replay has it",
    });
    const servers = test.servers();
    const alone = (roles: readonly Role[]) =>
      composeReservationSystem({ ...servers, now, roles }).then((system) => test.ends(system));
    await Promise.all([alone(["projector"]), alone(["saga"]), alone(["relay"])]);
    const desk = await alone([]);
    await requestBooking(desk.store, "reservation-1", (command) => desk.handle(command));
    await until(
      "the booking's last event",
      async () => (await types("booking-reservation-1")).at(-1),
      "BookingCompleted 1",
      test.troubles,
    );
    await settled(test);
  });

  it("goes on with the second of each when the first one ends", async () => {
    story({
      given: "the whole system twice, on the same servers",
      when: "one is stopped, and a reservation is created at the other",
      wanted: "it arrives in the read model",
    });
    const servers = test.servers();
    const first = test.ends(await composeReservationSystem({ ...servers, now }));
    const second = test.ends(await composeReservationSystem({ ...servers, now }));
    await first.handle(creation("reservation-1"));
    await first.stop();
    await second.handle(creation("reservation-2"));
    await settled(test);
    expect(await types("reservation-2")).toHaveLength(1);
  });

  it("leaves no connection behind when the broker is not there", async () => {
    story({
      given: "an address at which there is no broker",
      when: "the system is started, with half a second for it",
      wanted: "TimeLimitExceeded, and no connection to the database any more",
    });
    const amqpUrl = "amqp://127.0.0.1:1";
    const options = { ...test.servers(), amqpUrl, now, startWithin: 500 };
    const failed = thrownBy(() => composeReservationSystem(options));
    const error = await soon(failed, "the start goes on for ever, past its half second");
    expect(error).toMatchObject({ name: "TimeLimitExceeded" });
    await until("connections of the system", connections, 0);
  });

  it("knows each role by its name", () => {
    story({
      given: "the options of a system",
      when: "its parts are asked for",
      wanted: "one for each role, none of them started",
    });
    const pool = test.database.pool;
    const core = { pool, store: test.store(), handle: () => Promise.reject(new Error("no")) };
    const parts = partsOf({ ...test.servers(), now }, core);
    expect(Object.keys(parts).sort()).toEqual(["projector", "relay", "saga"]);
  });
});

async function rows(streamId?: string): Promise<readonly EventEnvelope[]> {
  const found: EventEnvelope[] = [];
  for await (const row of test.store().readAll()) {
    if (streamId === undefined || row.streamId === streamId) found.push(row);
  }
  return found;
}

async function types(streamId?: string): Promise<readonly string[]> {
  return (await rows(streamId)).map(({ type, schemaVersion }) => `${type} ${schemaVersion}`);
}

async function connections(): Promise<number> {
  const { rows: found } = await test.database.setUpPool.query(
    `select from pg_stat_activity
      where datname = current_database() and application_name ~ '^(reservations|relay|dispatcher)'`,
  );
  return found.length;
}
