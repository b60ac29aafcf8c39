/** Who answers on a port, by the first words of its protocol: no account is needed for that. */

import { connect } from "node:net";
import { readTable, textIn } from "../broker/field-table.ts";
import { protocolHeader } from "../broker/frame.ts";
import { OctetReader } from "../broker/octets.ts";

/** `stranger` answers, but not as such a server does. */
export type Greeting =
  | { readonly kind: "nobody" }
  | { readonly kind: "stranger" }
  | { readonly kind: "server"; readonly product: string; readonly version?: string };

/** Asks whether TLS is spoken: only a PostgreSQL answers by a single S or N. */
export async function greetPostgres(port: number): Promise<Greeting> {
  const question = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
  const answer = await firstWords(port, question, (octets) => octets.length > 0);
  if (answer === undefined) return { kind: "nobody" };
  return /^[SN]$/.test(answer.toString("latin1"))
    ? { kind: "server", product: "PostgreSQL" }
    : { kind: "stranger" };
}

/** Opens AMQP 0-9-1: before it asks for an account, a broker tells its product and version. */
export async function greetRabbitMQ(port: number): Promise<Greeting> {
  const answer = await firstWords(port, protocolHeader, isWholeFrame);
  if (answer === undefined) return { kind: "nobody" };
  // A method frame, 7 octets of head, then connection.start: class 10, method 10, version 0-9.
  if (!isWholeFrame(answer) || answer.readUInt32BE(7) !== 0x000a000a) return { kind: "stranger" };
  const properties = readTable(new OctetReader(answer, 13));
  const version = textIn(properties.get("version"));
  const product = textIn(properties.get("product")) ?? "an AMQP broker without a name";
  return { kind: "server", product, ...(version === undefined ? {} : { version }) };
}

function isWholeFrame(octets: Buffer): boolean {
  return octets.length >= 13 && octets[0] === 1 && octets.length >= octets.readUInt32BE(3) + 8;
}

/** Undefined where nobody listens; what came so far where the peer is silent for a second, or hangs up. */
function firstWords(
  port: number,
  question: Buffer,
  isEnough: (octets: Buffer) => boolean,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    let isOpen = false;
    const socket = connect({ port, host: "127.0.0.1", timeout: 1_000 });
    const hangUp = setTimeout(() => socket.destroy(), 3_000);
    socket.on("connect", () => {
      isOpen = true;
      socket.write(question);
    });
    socket.on("data", (octets) => {
      answer = Buffer.concat([answer, octets]);
      if (isEnough(answer) || answer.length > 65_536) socket.destroy();
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => {}); // `close` follows
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(hangUp);
      resolve(isOpen ? answer : undefined);
    });
  });
}
