/** The opening of a connection (specification 2.2.4): start, tune, open. */

import { type Field, type FieldTable, readTable, textIn } from "./field-table.ts";
import { smallestFrameMax } from "./frame.ts";
import type { ArgumentsOf, Method, MethodName } from "./methods.ts";
import { OctetReader } from "./octets.ts";
import { ProtocolError } from "./reply-codes.ts";

/** What the broker offers in connection.tune: as much as RabbitMQ. */
const offered = { channelMax: 2047, frameMax: 131_072, heartbeat: 60 } as const;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What the peers have agreed on. */
export interface Session {
  readonly capabilities: FieldTable;
  readonly channelMax: number;
  readonly frameMax: number;
  /** In seconds; 0 means none. */
  readonly heartbeat: number;
}

const capabilities: FieldTable = new Map(
  [
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "consumer_priorities",
    "authentication_failure_close",
    "per_consumer_qos",
  ].map((name) => [name, { type: "t", value: true }]),
);

export const start: Partial<ArgumentsOf<"connection.start">> = {
  versionMajor: 0,
  versionMinor: 9,
  serverProperties: new Map<string, Field>([
    ["product", { type: "S", value: "embedded broker (not RabbitMQ)" }],
    ["version", { type: "S", value: "0.1.0" }],
    ["platform", { type: "S", value: "Node.js" }],
    ["capabilities", { type: "F", value: capabilities }],
  ]),
  mechanisms: "PLAIN AMQPLAIN",
  locales: "en_US",
};

type Send = <Name extends MethodName>(name: Name, values: Partial<ArgumentsOf<Name>>) => void;

/** Takes the client's methods in their order; `session` is there once the connection is open. */
export class Handshake {
  session: Session | undefined;
  /** Whether a client that gives a wrong password can be told so. */
  canBeRefused = false;
  #capabilities: FieldTable = new Map();
  #tuned: ArgumentsOf<"connection.tune-ok"> | undefined;
  #expected: MethodName = "connection.start-ok";
  readonly #credentials: Credentials;
  readonly #send: Send;

  constructor(credentials: Credentials, send: Send) {
    this.#credentials = credentials;
    this.#send = send;
  }

  method(method: Method): void {
    if (method.name !== this.#expected) {
      throw new ProtocolError(
        "COMMAND_INVALID",
        `expected '${this.#expected}', got '${method.name}'`,
      );
    }
    if (method.name === "connection.start-ok") this.#start(method.arguments);
    if (method.name === "connection.tune-ok") this.#tune(method.arguments);
    if (method.name === "connection.open") this.#open(method.arguments);
  }

  #start({ clientProperties, mechanism, response }: ArgumentsOf<"connection.start-ok">): void {
    const told = clientProperties.get("capabilities");
    if (told?.type === "F") this.#capabilities = told.value;
    this.canBeRefused = can(this.#capabilities, "authentication_failure_close");
    checkCredentials(this.#credentials, mechanism, response);
    this.#expected = "connection.tune-ok";
    this.#send("connection.tune", offered);
  }

  #tune(tuned: ArgumentsOf<"connection.tune-ok">): void {
    checkTuned("frame_max", tuned.frameMax, smallestFrameMax, offered.frameMax);
    checkTuned("channel_max", tuned.channelMax, 1, offered.channelMax);
    this.#tuned = tuned;
    this.#expected = "connection.open";
  }

  #open({ virtualHost }: ArgumentsOf<"connection.open">): void {
    if (virtualHost !== "/") {
      throw new ProtocolError("NOT_ALLOWED", `vhost ${virtualHost} not found`);
    }
    const { channelMax, frameMax, heartbeat } = this.#tuned ?? offered;
    this.session = { capabilities: this.#capabilities, channelMax, frameMax, heartbeat };
    this.#send("connection.open-ok", {});
  }
}

export function can(clientCapabilities: FieldTable, name: string): boolean {
  const field = clientCapabilities.get(name);
  return field?.type === "t" && field.value;
}

function checkCredentials(
  { user, password }: Credentials,
  mechanism: string,
  response: string,
): void {
  if (mechanism !== "PLAIN" && mechanism !== "AMQPLAIN") {
    throw new ProtocolError(
      "COMMAND_INVALID",
      `unsupported authentication mechanism '${mechanism}'`,
    );
  }
  const [name, secret] = mechanism === "PLAIN" ? plain(response) : amqPlain(response);
  if (name === user && secret === password) return;
  throw new ProtocolError(
    "ACCESS_REFUSED",
    `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
  );
}

function plain(response: string): readonly (string | undefined)[] {
  return response.split("\0").slice(1);
}

/** A field table without its length. */
function amqPlain(response: string): readonly (string | undefined)[] {
  const octets = Buffer.alloc(4 + response.length);
  octets.writeUInt32BE(response.length);
  octets.write(response, 4, "latin1");
  const table = readTable(new OctetReader(octets));
  return [textIn(table.get("LOGIN")), textIn(table.get("PASSWORD"))];
}

/** 0 would mean no limit, and there is one. */
function checkTuned(name: string, value: number, minimum: number, maximum: number): void {
  const isTooLow = value !== 0 && value < minimum;
  const isTooHigh = value === 0 || value > maximum;
  if (!isTooLow && !isTooHigh) return;
  const [than, bound, limit] = isTooLow
    ? ["lower", "minimum", minimum]
    : ["higher", "maximum", maximum];
  throw new ProtocolError(
    "NOT_ALLOWED",
    `negotiated ${name} = ${value} is ${than} than the ${bound} allowed value (${limit})`,
  );
}
