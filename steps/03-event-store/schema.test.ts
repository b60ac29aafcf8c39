import { readFileSync } from "node:fs";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { schemaFile } from "./schema.ts";

const id = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`;

describe("the table of events", () => {
  const database = useDatabase(2); // an empty one: these tests install your schema.sql

  /** Runs `use` on your schema, in a transaction that is rolled back. */
  async function withYourSchema<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await database.pool.connect();
    try {
      await client.query("begin");
      await client.query(readFileSync(schemaFile, "utf8"));
      return await use(client);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }

  function insert(client: pg.PoolClient, eventId: string, streamId: string, version: number) {
    return client.query(
      `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
       values ($1, $2, $3, 'ReservationCreated', 1, '{}', '{}')`,
      [eventId, streamId, version],
    );
  }

  it("holds one event at each version of a stream", async () => {
    await withYourSchema(async (client) => {
      await insert(client, id(1), "reservation-1", 1);
      await insert(client, id(2), "reservation-1", 2);
      await insert(client, id(3), "reservation-2", 1);
      const second = insert(client, id(4), "reservation-1", 2);
      await expect(second).rejects.toMatchObject({ code: "23505" });
    });
  });

  it("holds each event once, by the constraint events_event_id_key", async () => {
    await withYourSchema(async (client) => {
      await insert(client, id(1), "reservation-1", 1);
      const constraint = "events_event_id_key";
      const again = insert(client, id(1), "reservation-2", 1);
      await expect(again).rejects.toMatchObject({ code: "23505", constraint });
    });
  });

  it.each([0, -1])("has no version %s", async (version) => {
    await withYourSchema(async (client) => {
      const refused = insert(client, id(1), "reservation-1", version);
      await expect(refused).rejects.toMatchObject({ code: "23514" });
    });
  });

  it("has no stream without a name", async () => {
    await withYourSchema(async (client) => {
      await expect(insert(client, id(1), "", 1)).rejects.toMatchObject({ code: "23514" });
    });
  });

  it("counts a stream id in bytes, up to 255", async () => {
    await withYourSchema(async (client) => {
      await insert(client, id(1), "x".repeat(255), 1);
      await insert(client, id(2), "ö".repeat(127), 1);
      const tooLong = insert(client, id(3), "ö".repeat(128), 1);
      await expect(tooLong).rejects.toMatchObject({ code: "23514" });
    });
  });
});
