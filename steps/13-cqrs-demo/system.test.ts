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
import { until } from "../../shared/testing/waiting.ts";
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
    );
    const confirmed = (await rows("reservation-1")).at(-1);
    expect([confirmed?.type, confirmed?.metadata.correlationId]).toEqual([
      "ReservationConfirmed",
      correlationId,
    ]);
    await settled(test);
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
    const failed = await thrownBy(() => composeReservationSystem(options));
    expect(failed).toMatchObject({ name: "TimeLimitExceeded" });
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
