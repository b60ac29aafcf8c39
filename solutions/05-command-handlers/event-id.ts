/**
 * Event ids that follow from the command: deciding the same command again gives the same ids, on
 * any machine, after any crash. So the event store recognises what it has stored already.
 */

import { createHash } from "node:crypto";

/** The id of the event at `index` (0, 1, ...) among those that a command decided: a UUID, version 5. */
export function eventId(commandId: string, index: number): string {
  return uuidVersion5(namespace, `${commandId}/${index}`);
}

/** Any UUID will do, but never another one: every event id depends on it. */
const namespace = "5d0c1b6e-7a52-4e0c-9f5e-2f6f6f1c05e5";

/** RFC 9562, section 5.5: the SHA-1 of namespace and name, with version and variant set. */
function uuidVersion5(namespaceId: string, name: string): string {
  const hash = createHash("sha1");
  hash.update(Buffer.from(namespaceId.replaceAll("-", ""), "hex"));
  hash.update(name, "utf8");
  const bytes = hash.digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
