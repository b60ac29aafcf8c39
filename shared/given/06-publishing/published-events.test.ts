/** The given code of step 06 that decides what is on the bus; the step's own tests are the learner's. */

import { describe, expect, it } from "vitest";
import {
  decodeEvent,
  encodeEvent,
  MalformedMessage,
} from "../../../solutions/06-publishing/message.ts";
import { partitionOf, routingKey, topologyFor } from "../../../solutions/06-publishing/topology.ts";
import { recorded } from "../../testing/new-events.ts";
import { created } from "../../testing/reservations.ts";

const [event] = recorded("reservation-1", [created]);
if (!event) throw new TypeError("There is no event.");
const fields: Readonly<Record<string, unknown>> = JSON.parse(encodeEvent(event).toString());

describe("an event as a message", () => {
  it("comes back as it was, with a position beyond what a number holds", () => {
    const far = { ...event, position: 9_223_372_036_854_775_807n };
    expect(decodeEvent(encodeEvent(far))).toEqual(far);
  });

  it("leaves out fields that nobody knows here", () => {
    const content = Buffer.from(JSON.stringify({ ...fields, colour: "green" }));
    expect(decodeEvent(content)).toEqual(event);
  });
});

describe("a message that is no event", () => {
  it.each([
    ["not UTF-8", Buffer.from([0xff, 0xfe]), "message"],
    ["not JSON", Buffer.from("{"), "message"],
    ["empty", Buffer.alloc(0), "message"],
    ["null", Buffer.from("null"), "event"],
    ["a list", Buffer.from("[]"), "event"],
  ])("is refused when it is %s", (_, content, path) => {
    expect(faultOf(content)).toMatchObject({ name: "MalformedMessage", path });
  });

  it.each([
    ["id", "42"],
    ["id", undefined],
    ["streamId", ""],
    ["streamId", "é".repeat(128)],
    ["version", 0],
    ["version", 1.5],
    ["version", "1"],
    ["version", 2 ** 53],
    ["position", 1],
    ["position", "0"],
    ["position", "-1"],
    ["position", "9223372036854775808"],
    ["type", ""],
    ["type", null],
    ["schemaVersion", 0],
    ["schemaVersion", 32_768],
    ["data", "text"],
    ["data", []],
    ["metadata", null],
    ["recordedAt", "yesterday"],
    ["recordedAt", "2030-02-30T12:00:00.000Z"],
  ])("is refused with the field named when its %s is %j", (field, value) => {
    const content = Buffer.from(JSON.stringify({ ...fields, [field]: value }));
    expect(faultOf(content)).toMatchObject({ name: "MalformedMessage", path: `event.${field}` });
  });

  function faultOf(content: Buffer): unknown {
    try {
      return decodeEvent(content);
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedMessage);
      return error;
    }
  }
});

describe("the routes on the bus", () => {
  it("name category, type and partition", () => {
    const key = routingKey({ streamId: "reservation-7f3a", type: "ReservationConfirmed" }, 4);
    expect(key).toBe(`reservation.ReservationConfirmed.${partitionOf("reservation-7f3a", 4)}`);
  });

  it("are keys that AMQP takes, whatever a stream is called", () => {
    const key = routingKey({ streamId: `#.*${"é".repeat(120)}`, type: "a.b".repeat(200) }, 4);
    expect(key.split(".")).toHaveLength(3);
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(255);
    expect(key).not.toMatch(/[*#]/);
  });

  it("keep each stream in one partition for ever, and spread the streams", () => {
    expect(["reservation-1", "reservation-2", "hotel-é"].map((id) => partitionOf(id, 16))).toEqual([
      15, 7, 7,
    ]);
    for (const step of [1, 2, 4, 10]) {
      const counts = [0, 0, 0, 0];
      for (let number = 0; number < 4_000; number++) {
        const partition = partitionOf(`reservation-${number * step}`, 4);
        counts[partition] = (counts[partition] ?? 0) + 1;
      }
      expect(Math.min(...counts)).toBeGreaterThan(900);
    }
  });

  it("need a partition", () => {
    expect(() => topologyFor("hotel", 0)).toThrow(RangeError);
  });
});
