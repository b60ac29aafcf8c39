/**
 * Field tables (specification 4.2.5.5, with RabbitMQ's type letters): arguments and message headers.
 *
 * Each value keeps its type, so that a header leaves as it came.
 */

import { type OctetReader, OctetWriter } from "./octets.ts";
import { ProtocolError } from "./reply-codes.ts";

export type Field =
  | { readonly type: "t"; readonly value: boolean }
  | { readonly type: "b" | "B" | "s" | "u" | "I" | "i" | "f" | "d"; readonly value: number }
  | { readonly type: "l" | "T"; readonly value: bigint }
  | { readonly type: "S" | "x"; readonly value: string }
  | { readonly type: "D"; readonly value: { readonly scale: number; readonly digits: number } }
  | { readonly type: "A"; readonly value: readonly Field[] }
  | { readonly type: "F"; readonly value: FieldTable }
  | { readonly type: "V"; readonly value: null };

export type FieldTable = ReadonlyMap<string, Field>;

export const emptyTable: FieldTable = new Map();

/** Deeper tables than these are no one's headers, but an attack on the stack. */
const deepest = 64;

export function readTable(reader: OctetReader, depth = 0): FieldTable {
  const length = reader.long();
  if (length === 0) return emptyTable;
  const end = endOf(reader, length, depth);
  const table = new Map<string, Field>();
  while (reader.offset < end) {
    const name = reader.shortString();
    table.set(name, readField(reader, depth));
  }
  if (reader.offset !== end) throw malformed();
  return table;
}

function readField(reader: OctetReader, depth: number): Field {
  const type = reader.characters(1);
  const { buffer } = reader;
  switch (type) {
    case "t":
      return { type, value: reader.octet() !== 0 };
    case "b":
      return { type, value: buffer.readInt8(reader.skip(1)) };
    case "B":
      return { type, value: reader.octet() };
    case "s":
      return { type, value: buffer.readInt16BE(reader.skip(2)) };
    case "u":
      return { type, value: reader.short() };
    case "I":
      return { type, value: buffer.readInt32BE(reader.skip(4)) };
    case "i":
      return { type, value: reader.long() };
    case "l":
      return { type, value: buffer.readBigInt64BE(reader.skip(8)) };
    case "T":
      return { type, value: buffer.readBigUInt64BE(reader.skip(8)) };
    case "f":
      return { type, value: buffer.readFloatBE(reader.skip(4)) };
    case "d":
      return { type, value: buffer.readDoubleBE(reader.skip(8)) };
    case "D":
      return { type, value: { scale: reader.octet(), digits: reader.long() } };
    case "S":
    case "x":
      return { type, value: reader.longString() };
    case "A":
      return { type, value: readArray(reader, depth + 1) };
    case "F":
      return { type, value: readTable(reader, depth + 1) };
    case "V":
      return { type, value: null };
    default:
      throw malformed();
  }
}

function readArray(reader: OctetReader, depth: number): readonly Field[] {
  const end = endOf(reader, reader.long(), depth);
  const fields: Field[] = [];
  while (reader.offset < end) fields.push(readField(reader, depth));
  if (reader.offset !== end) throw malformed();
  return fields;
}

function endOf(reader: OctetReader, length: number, depth: number): number {
  const end = reader.offset + length;
  if (end > reader.end || depth > deepest) throw malformed();
  return end;
}

function malformed(): ProtocolError {
  return new ProtocolError("SYNTAX_ERROR", "malformed field table");
}

export function writeTable(writer: OctetWriter, table: FieldTable): void {
  writer.withLength(() => {
    for (const [name, field] of table) {
      writer.shortString(name);
      writeField(writer, field);
    }
  });
}

function writeField(writer: OctetWriter, field: Field): void {
  writer.characters(field.type);
  const at = (size: number): number => {
    writer.reserve(size);
    writer.offset += size;
    return writer.offset - size;
  };
  switch (field.type) {
    case "t":
      writer.octet(field.value ? 1 : 0);
      break;
    case "b":
      writer.buffer.writeInt8(field.value, at(1));
      break;
    case "B":
      writer.octet(field.value);
      break;
    case "s":
      writer.buffer.writeInt16BE(field.value, at(2));
      break;
    case "u":
      writer.short(field.value);
      break;
    case "I":
      writer.buffer.writeInt32BE(field.value, at(4));
      break;
    case "i":
      writer.long(field.value);
      break;
    case "l":
      writer.buffer.writeBigInt64BE(field.value, at(8));
      break;
    case "T":
      writer.buffer.writeBigUInt64BE(field.value, at(8));
      break;
    case "f":
      writer.buffer.writeFloatBE(field.value, at(4));
      break;
    case "d":
      writer.buffer.writeDoubleBE(field.value, at(8));
      break;
    case "D":
      writer.octet(field.value.scale);
      writer.long(field.value.digits);
      break;
    case "S":
    case "x":
      writer.longString(field.value);
      break;
    case "A":
      writer.withLength(() => {
        for (const element of field.value) writeField(writer, element);
      });
      break;
    case "F":
      writeTable(writer, field.value);
      break;
    case "V":
      break;
    default: {
      const unknown: never = field;
      throw new TypeError(`No field is written so: ${JSON.stringify(unknown)}`);
    }
  }
}

/** RabbitMQ sorts a table when it changes something in it. */
export function sortedTable(table: FieldTable): FieldTable {
  return new Map([...table].sort(([left], [right]) => (left < right ? -1 : 1)));
}

const integerTypes = ["b", "B", "s", "u", "I", "i", "l"];

/** The number in an integer field, whatever its width; undefined for every other type. */
export function integerIn(field: Field | undefined): number | undefined {
  return field && integerTypes.includes(field.type) ? Number(field.value) : undefined;
}

export function textIn(field: Field | undefined): string | undefined {
  return field?.type === "S" ? field.value : undefined;
}

/** Equal as RabbitMQ compares arguments: integers by value, everything else by type and value. */
export function sameField(left: Field | undefined, right: Field | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  const [leftNumber, rightNumber] = [integerIn(left), integerIn(right)];
  if (leftNumber !== undefined || rightNumber !== undefined) return leftNumber === rightNumber;
  return left.type === right.type && octetsOf(left).equals(octetsOf(right));
}

function octetsOf(field: Field): Buffer {
  const writer = new OctetWriter();
  writeField(writer, field);
  return writer.take();
}

const typeNames: Readonly<Record<Field["type"], string>> = {
  ...{ S: "longstr", I: "signedint", D: "decimal", T: "timestamp", F: "table", b: "byte" },
  ...{ d: "double", f: "float", l: "long", s: "short", t: "bool", x: "binary" },
  ...{ B: "unsignedbyte", u: "unsignedshort", i: "unsignedint", V: "void", A: "array" },
};

/** RabbitMQ's name of the field's type. */
export function typeName(field: Field): string {
  return typeNames[field.type];
}

/** As RabbitMQ's error texts show a value. */
export function valueText(field: Field): string {
  return typeof field.value === "object" ? typeName(field) : String(field.value);
}
