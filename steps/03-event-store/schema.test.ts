import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { schemaFile } from "./schema.ts";

const id = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`;

describe("the table of events", () => {
  costs("what the table lets in stays in it for ever, and every reader has to live with it");
  const database = useDatabase(2); // an empty one: these tests install your schema.sql

  /** Runs `use` on your schema, in a transaction that is rolled back. */
  async function withYourSchema<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await database.pool.connect();
    try {
      await client.query("begin");
      await installSchema(client);
      return await use(client);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }

  it("holds one event at each version of a stream", async () => {
    story({
      given: "versions 1 and 2 of reservation-1, and version 1 of reservation-2",
      when: "another event is inserted at version 2 of reservation-1",
      wanted: "a unique constraint in schema.sql refuses it: stream and version together",
      costs: "two servers append at once, both succeed, and the reservation has two versions 2",
    });
    await withYourSchema(async (client) => {
      expect({
        "v1 of reservation-1": await insert(client, id(1), "reservation-1", 1),
        "v2 of reservation-1": await insert(client, id(2), "reservation-1", 2),
        "v1 of reservation-2": await insert(client, id(3), "reservation-2", 1),
        "v2 of reservation-1 again": await insert(client, id(4), "reservation-1", 2),
      }).toEqual({
        "v1 of reservation-1": "stored",
        "v2 of reservation-1": "stored",
        "v1 of reservation-2": "stored",
        "v2 of reservation-1 again": "refused by a unique constraint",
      });
    });
  });

  it("holds each event once, by the constraint events_event_id_key", async () => {
    story({
      given: "an event is version 1 of reservation-1",
      when: "an event of the same id is inserted into reservation-2",
      wanted: "a unique constraint of the name events_event_id_key refuses it",
      costs: "a batch that is sent again after a lost answer is stored twice: two stays, two bills",
    });
    await withYourSchema(async (client) => {
      expect({
        "the event": await insert(client, id(1), "reservation-1", 1),
        "the same in reservation-2": await insert(client, id(1), "reservation-2", 1),
      }).toEqual({
        "the event": "stored",
        "the same in reservation-2": "refused by the unique constraint events_event_id_key",
      });
    });
  });

  it.each([0, -1])("has no version %s", async (version) => {
    story({
      when: `an event is inserted at version ${version} of reservation-1`,
      wanted: "a check constraint in schema.sql refuses it: versions begin at 1",
      costs: "a program that counts from 0 stores a first event that no reader from 1 ever sees",
    });
    await withYourSchema(async (client) => {
      const answer = await insert(client, id(1), "reservation-1", version);
      expect(answer).toBe("refused by a check constraint");
    });
  });

  it("has no stream without a name", async () => {
    story({
      when: "an event is inserted whose stream_id is the empty text",
      wanted: "a check constraint in schema.sql refuses it",
      costs: "all guests whose reservation lost its id on the way share one history",
    });
    await withYourSchema(async (client) => {
      const answer = await insert(client, id(1), "", 1);
      expect(answer).toBe("refused by a check constraint");
    });
  });

  it("counts a stream id in bytes, up to 255", async () => {
    story({
      when: "stream ids of 255 x, of 127 ö and of 128 ö are inserted; an ö takes two bytes",
      wanted: "255 and 254 bytes are stored; a check constraint refuses 256",
      costs: "a script stores a name that assertStreamId refuses: that stream cannot be read again",
    });
    await withYourSchema(async (client) => {
      expect({
        "255 x": await insert(client, id(1), "x".repeat(255), 1),
        "127 ö": await insert(client, id(2), "ö".repeat(127), 1),
        "128 ö": await insert(client, id(3), "ö".repeat(128), 1),
      }).toEqual({
        "255 x": "stored",
        "127 ö": "stored",
        "128 ö": "refused by a check constraint",
      });
    });
  });
});

/** A mistake in your SQL is thrown as if it came from its line of the file, where you look for it. */
async function installSchema(client: pg.PoolClient): Promise<void> {
  const sql = readFileSync(schemaFile, "utf8");
  try {
    await client.query(sql);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.position === undefined) throw error;
    const line = sql.slice(0, Number(error.position)).split("\n").length;
    error.stack = `${error.message}\n    at schema (${fileURLToPath(schemaFile)}:${line}:1)`;
    throw error;
  }
}

/** Inserts one event; what your table says to it, in words. */
async function insert(
  client: pg.PoolClient,
  eventId: string,
  streamId: string,
  version: number,
): Promise<string> {
  await client.query("savepoint before_it");
  try {
    await client.query(
      `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
       values ($1, $2, $3, 'ReservationCreated', 1, '{}', '{}')`,
      [eventId, streamId, version],
    );
    return "stored";
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query("rollback to savepoint before_it");
    return refusal(error);
  }
}

const [uniqueViolation, checkViolation] = ["23505", "23514"];
const eventIdKey = "events_event_id_key";

/** Only one constraint has a name that others rely on. */
function refusal({ code, constraint, message }: pg.DatabaseError): string {
  if (code === checkViolation) return "refused by a check constraint";
  if (code !== uniqueViolation) return `refused: ${message}`;
  if (constraint === eventIdKey) return `refused by the unique constraint ${eventIdKey}`;
  return "refused by a unique constraint";
}
