/** Methods: what was received, typed by the table, and how they are read and written. */

import { emptyTable, type FieldTable, readTable, writeTable } from "./field-table.ts";
import { methodTable } from "./method-table.ts";
import { type OctetReader, type OctetWriter, octetsText } from "./octets.ts";
import { ProtocolError } from "./reply-codes.ts";

interface Types {
  readonly octet: number;
  readonly short: number;
  readonly long: number;
  readonly longLong: number;
  readonly shortString: string;
  readonly longString: string;
  readonly bit: boolean;
  readonly table: FieldTable;
}

/** `"exchange:shortString mandatory:bit"` as a type: the union of its words. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? First | Words<Rest>
  : Text;

export type MethodName = keyof typeof methodTable;
export type ArgumentsOf<Name extends MethodName> = {
  readonly [Word in Words<(typeof methodTable)[Name][2]> as Word extends `${infer Key}:${string}`
    ? Key
    : never]: Word extends `${string}:${infer Type extends keyof Types}` ? Types[Type] : never;
};

/** A method as it was received. */
export type Method = {
  [Name in MethodName]: { readonly name: Name; readonly arguments: ArgumentsOf<Name> };
}[MethodName];

interface Codec {
  readonly name: MethodName;
  readonly id: number;
  readonly layout: readonly (readonly [string, keyof Types])[];
}

const byName = new Map<MethodName, Codec>();
const byId = new Map<number, Codec>();
for (const name of Object.keys(methodTable) as MethodName[]) {
  const [classId, methodId, text] = methodTable[name];
  const id = classId * 0x10000 + methodId;
  const words = text === "" ? [] : text.split(" ");
  const layout = words.map((word) => word.split(":") as [string, keyof Types]);
  const codec = { name, id, layout };
  byName.set(name, codec);
  byId.set(id, codec);
}

/** Class and method id in one number, as the close methods tell them. */
export function methodId(name: MethodName): number {
  return codecOf(name).id;
}

function codecOf(name: MethodName): Codec {
  const codec = byName.get(name);
  if (!codec) throw new TypeError(`There is no method ${name}.`);
  return codec;
}

/** Reads a method frame's payload. Throws FRAME_ERROR for what is no method, NOT_IMPLEMENTED for an unknown one. */
export function readMethod(reader: OctetReader): Method {
  const { buffer, offset, end } = reader;
  try {
    const method = readFields(reader);
    if (reader.offset === end) return method;
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== malformed) throw error;
  }
  const octets = buffer.subarray(Math.min(offset + 4, end), end);
  throw new ProtocolError("FRAME_ERROR", `cannot decode ${octetsText(octets)}`);
}

const malformed = 502;

function readFields(reader: OctetReader): Method {
  const id = reader.long();
  const codec = byId.get(id);
  if (!codec) {
    const [classId, method] = [id >>> 16, id & 0xffff];
    throw new ProtocolError("NOT_IMPLEMENTED", `unknown method {${classId},${method}}`);
  }
  const values: Record<string, Types[keyof Types]> = {};
  let bits = 0;
  let mask = 0x100;
  for (const [name, type] of codec.layout) {
    if (type === "bit") {
      if (mask === 0x100) {
        bits = reader.octet();
        mask = 1;
      }
      values[name] = (bits & mask) !== 0;
      mask <<= 1;
    } else {
      mask = 0x100;
      values[name] = type === "table" ? readTable(reader) : reader[type]();
    }
  }
  return { name: codec.name, arguments: values } as unknown as Method;
}

/** Writes a method frame's payload; what is not given is empty, zero or false. */
export function writeMethod<Name extends MethodName>(
  writer: OctetWriter,
  name: Name,
  values: Partial<ArgumentsOf<Name>>,
): void {
  const { id, layout } = codecOf(name);
  writer.long(id);
  const given = values as Readonly<Record<string, Types[keyof Types] | undefined>>;
  let bits = -1;
  let mask = 1;
  for (const [key, type] of layout) {
    const value = given[key];
    if (type === "bit") {
      if (bits < 0) [bits, mask] = [0, 1];
      if (value) bits |= mask;
      mask <<= 1;
      continue;
    }
    if (bits >= 0) writer.octet(bits);
    bits = -1;
    writeValue(writer, type, value);
  }
  if (bits >= 0) writer.octet(bits);
}

function writeValue(
  writer: OctetWriter,
  type: Exclude<keyof Types, "bit">,
  value: Types[keyof Types] | undefined,
): void {
  switch (type) {
    case "octet":
    case "short":
    case "long":
    case "longLong":
      writer[type](typeof value === "number" ? value : 0);
      break;
    case "shortString":
    case "longString":
      writer[type](typeof value === "string" ? value : "");
      break;
    case "table":
      writeTable(writer, typeof value === "object" ? value : emptyTable);
      break;
  }
}
