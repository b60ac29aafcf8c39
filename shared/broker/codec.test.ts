import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Field, type FieldTable, readTable, sameField, writeTable } from "./field-table.ts";
import { newMessage, replaceHeaders } from "./message.ts";
import { methodTable } from "./method-table.ts";
import { type MethodName, readMethod, writeMethod } from "./methods.ts";
import { OctetReader, OctetWriter } from "./octets.ts";
import { expirationIn, headersIn, outlineOf } from "./properties.ts";

const character = fc.nat(255).map((code) => String.fromCharCode(code));
const octets = fc.string({ unit: character, maxLength: 300 });
const shortString = fc.string({ unit: character, maxLength: 255 });
const integer = (bits: number, isSigned: boolean): fc.Arbitrary<number> =>
  isSigned
    ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bits - 1 });

const { table } = fc.letrec<{ table: FieldTable; field: Field }>((tie) => ({
  table: fc
    .array(fc.tuple(shortString, tie("field")), { maxLength: 5 })
    .map((entries) => new Map(entries)),
  field: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ type: fc.constant("S" as const), value: octets }),
    fc.record({ type: fc.constant("x" as const), value: octets }),
    fc.record({ type: fc.constant("t" as const), value: fc.boolean() }),
    fc.record({ type: fc.constant("b" as const), value: integer(8, true) }),
    fc.record({ type: fc.constant("B" as const), value: integer(8, false) }),
    fc.record({ type: fc.constant("s" as const), value: integer(16, true) }),
    fc.record({ type: fc.constant("u" as const), value: integer(16, false) }),
    fc.record({ type: fc.constant("I" as const), value: integer(32, true) }),
    fc.record({ type: fc.constant("i" as const), value: integer(32, false) }),
    fc.record({ type: fc.constant("l" as const), value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) }),
    fc.record({ type: fc.constant("T" as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
    fc.record({ type: fc.constant("f" as const), value: fc.float() }),
    fc.record({ type: fc.constant("d" as const), value: fc.double() }),
    fc.record({
      type: fc.constant("D" as const),
      value: fc.record({ scale: integer(8, false), digits: integer(32, false) }),
    }),
    fc.record({ type: fc.constant("V" as const), value: fc.constant(null) }),
    fc.record({ type: fc.constant("A" as const), value: fc.array(tie("field"), { maxLength: 4 }) }),
    fc.record({ type: fc.constant("F" as const), value: tie("table") }),
  ),
}));

const values = {
  octet: integer(8, false),
  short: integer(16, false),
  long: integer(32, false),
  longLong: fc.maxSafeNat(),
  shortString,
  longString: octets,
  bit: fc.boolean(),
  table,
} satisfies Record<string, fc.Arbitrary<unknown>>;

const isType = (text: string): text is keyof typeof values => text in values;
const isMethod = (text: string): text is MethodName => text in methodTable;
const methodNames = Object.keys(methodTable).filter(isMethod);

/** Any method with any arguments that its table allows. */
const method = fc.constantFrom(...methodNames).chain((name) => {
  const words = methodTable[name][2].split(" ").filter((word) => word !== "");
  const fields = words.map((word) => {
    const [key = "", type = ""] = word.split(":");
    if (!isType(type)) throw new TypeError(`No argument is a ${type}.`);
    return [key, values[type]] as const;
  });
  const given: fc.Arbitrary<Record<string, unknown>> = fc.record(Object.fromEntries(fields), {
    noNullPrototype: true,
  });
  return fc.record({ name: fc.constant(name), arguments: given });
});

function written(write: (writer: OctetWriter) => void): Buffer {
  const writer = new OctetWriter();
  write(writer);
  return writer.take();
}

describe("a method", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(method, (sent) => {
        const reader = new OctetReader(written((to) => writeMethod(to, sent.name, sent.arguments)));

        expect(readMethod(reader)).toEqual(sent);
        expect(reader.offset).toBe(reader.end);
      }),
    );
  });

  it("cut short anywhere is refused", () => {
    fc.assert(
      fc.property(method, fc.nat(), (sent, cut) => {
        const whole = written((to) => writeMethod(to, sent.name, sent.arguments));
        const part = whole.subarray(0, cut % whole.length);

        expect(() => readMethod(new OctetReader(part))).toThrow(/^FRAME_ERROR/);
      }),
    );
  });

  it("made of any octets is read or refused, and nothing else", () => {
    const start = fc.constantFrom(...methodNames).map((name) => {
      const [classId, methodId] = methodTable[name];
      return written((to) => to.long(classId * 0x10000 + methodId));
    });
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 100 }), (id, rest) => {
        const outcome = attempt(() => readMethod(new OctetReader(Buffer.concat([id, rest]))).name);

        expect(outcome).toMatch(/^([a-z]+\.[a-z-]+$|FRAME_ERROR|NOT_IMPLEMENTED)/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a field table", () => {
  it("keeps the type of every value", () => {
    fc.assert(
      fc.property(table, (fields) => {
        const reader = new OctetReader(written((to) => writeTable(to, fields)));

        expect(readTable(reader)).toEqual(fields);
      }),
    );
  });

  it("is refused when it is nested deeper than anyone needs", () => {
    let fields: FieldTable = new Map();
    for (let depth = 0; depth < 100; depth++)
      fields = new Map([["deeper", { type: "F", value: fields }]]);
    const reader = new OctetReader(written((to) => writeTable(to, fields)));

    expect(() => readTable(reader)).toThrow(/^SYNTAX_ERROR/);
  });

  it("has integers that are the same in every width, and nothing else that is", () => {
    expect(sameField({ type: "s", value: 1000 }, { type: "l", value: 1000n })).toBe(true);
    expect(sameField({ type: "S", value: "1" }, { type: "I", value: 1 })).toBe(false);
    expect(sameField({ type: "t", value: true }, { type: "t", value: false })).toBe(false);
  });
});

describe("a message's properties", () => {
  it("lose their expiration and gain headers, and keep all else octet by octet", () => {
    fc.assert(
      fc.property(table, shortString, shortString, table, (headers, id, type, added) => {
        const list = written((to) => {
          to.short(0x2000 | 0x1000 | 0x0100 | 0x0080 | 0x0020);
          writeTable(to, headers);
          to.octet(2);
          to.shortString("60000");
          to.shortString(id);
          to.shortString(type);
        });
        const body = Buffer.from("body");
        const outline = outlineOf(list, 0, list.length);
        const message = newMessage("", "queue", Buffer.concat([list, body]), outline);

        const changed = replaceHeaders(message, added, "drop");

        const rest = written((to) => {
          to.octet(2);
          to.shortString(id);
          to.shortString(type);
        });
        expect(headersIn(changed.content, changed.outline)).toEqual(added);
        expect(expirationIn(changed.content, changed.outline)).toBeUndefined();
        expect(changed.content.subarray(changed.outline.headersEnd)).toEqual(
          Buffer.concat([rest, body]),
        );
      }),
    );
  });

  it("made of any octets are read or refused, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (list) => {
        const outcome = attempt(() => String(outlineOf(Buffer.from(list), 0, list.length).end));

        expect(outcome).toMatch(new RegExp(`^(${list.length}$|SYNTAX_ERROR)`));
      }),
      { numRuns: 1000 },
    );
  });
});

function attempt(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
