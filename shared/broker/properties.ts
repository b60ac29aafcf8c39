/**
 * A message's properties (specification 4.2.6.1 and 1.8.3) as octets: most of them concern nobody but the
 * clients and are passed on as they came. Only where headers change is the list written anew.
 */

import { emptyTable, type FieldTable, readTable, writeTable } from "./field-table.ts";
import { OctetReader, OctetWriter } from "./octets.ts";
import { ProtocolError } from "./reply-codes.ts";

const headersFlag = 0x2000;
const deliveryModeFlag = 0x1000;
const priorityFlag = 0x0800;
const expirationFlag = 0x0100;
const timestampFlag = 0x0040;
const userIdFlag = 0x0010;
const lastFlag = 0x0004;

/** Where in the octets something stands that the broker cares for. */
export interface Outline {
  readonly flags: number;
  readonly headersFrom: number;
  readonly headersEnd: number;
  readonly expirationFrom: number;
  readonly expirationEnd: number;
  readonly userId: string | undefined;
  readonly end: number;
}

/** Walks through a whole list, so that what is passed on is known to be well formed. */
export function outlineOf(buffer: Buffer, from: number, end: number): Outline {
  const reader = new OctetReader(buffer, from, end);
  const flags = reader.short();
  if (flags & (lastFlag - 1)) throw new ProtocolError("SYNTAX_ERROR", "unknown property flags");
  let [headersFrom, headersEnd, expirationFrom, expirationEnd] = [0, 0, 0, 0];
  let userId: string | undefined;
  for (let flag = 0x8000; flag >= lastFlag; flag >>= 1) {
    const before = reader.offset;
    if (flag === headersFlag) headersFrom = before;
    if (flag === expirationFlag) expirationFrom = before;
    if (flags & flag) {
      if (flag === headersFlag) readTable(reader);
      else if (flag === deliveryModeFlag || flag === priorityFlag) reader.skip(1);
      else if (flag === timestampFlag) reader.skip(8);
      else if (flag === userIdFlag) userId = reader.shortString();
      else reader.skip(reader.octet());
    }
    if (flag === headersFlag) headersEnd = reader.offset;
    if (flag === expirationFlag) expirationEnd = reader.offset;
  }
  if (reader.offset !== end) throw new ProtocolError("SYNTAX_ERROR", "malformed properties");
  // As seen from the beginning of the list, which is copied elsewhere afterwards.
  return {
    flags,
    headersFrom: headersFrom - from,
    headersEnd: headersEnd - from,
    expirationFrom: expirationFrom - from,
    expirationEnd: expirationEnd - from,
    userId,
    end: end - from,
  };
}

export function headersIn(list: Buffer, outline: Outline): FieldTable {
  if (!(outline.flags & headersFlag)) return emptyTable;
  return readTable(new OctetReader(list, outline.headersFrom, outline.headersEnd));
}

export function expirationIn(list: Buffer, outline: Outline): string | undefined {
  if (!(outline.flags & expirationFlag)) return undefined;
  return list.toString("latin1", outline.expirationFrom + 1, outline.expirationEnd);
}

/** The list with other headers, and with its expiration or without. */
export function withHeaders(
  list: Buffer,
  outline: Outline,
  headers: FieldTable,
  expiration: "keep" | "drop",
): Buffer {
  const writer = new OctetWriter();
  const drop = expiration === "drop";
  const flags = (outline.flags | headersFlag) & (drop ? ~expirationFlag : 0xffff);
  writer.short(flags);
  writer.bytes(list, 2, outline.headersFrom);
  writeTable(writer, headers);
  writer.bytes(list, outline.headersEnd, outline.expirationFrom);
  if (!drop) writer.bytes(list, outline.expirationFrom, outline.expirationEnd);
  writer.bytes(list, outline.expirationEnd, outline.end);
  return writer.take();
}
