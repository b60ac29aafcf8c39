/** The methods of class exchange. */

import type { Channel, MethodHandlers } from "./channel.ts";
import { type Exchange, exchangeTypes } from "./exchange.ts";
import { ProtocolError } from "./reply-codes.ts";
import { exchangeText } from "./virtual-host.ts";

export const exchangeMethods: MethodHandlers = {
  "exchange.declare"(channel, values) {
    const { host } = channel;
    const { exchange: name, passive, noWait } = values;
    refuseDefault(name);
    if (passive) host.exchange(name);
    else {
      const type = exchangeTypes.find((known) => known === values.type);
      if (!type) {
        throw new ProtocolError("COMMAND_INVALID", `unknown exchange type '${values.type}'`);
      }
      if (name.startsWith("amq.") && !host.exchanges.has(name)) {
        throw new ProtocolError(
          "ACCESS_REFUSED",
          `exchange name '${name}' contains reserved prefix 'amq.*'`,
        );
      }
      const alternate = values.arguments.get("alternate-exchange");
      if (alternate && alternate.type !== "S") {
        throw new ProtocolError(
          "PRECONDITION_FAILED",
          `invalid type for arg 'alternate-exchange' in ${exchangeText(name)}`,
        );
      }
      host.declareExchange(name, { ...values, type });
    }
    if (!noWait) channel.send("exchange.declare-ok", {});
  },

  "exchange.delete"(channel, { exchange: name, ifUnused, noWait }) {
    const { host } = channel;
    refuseDefault(name);
    if (name.startsWith("amq.")) {
      throw new ProtocolError(
        "ACCESS_REFUSED",
        `deletion of system ${exchangeText(name)} not allowed`,
      );
    }
    if (ifUnused && (host.exchanges.get(name)?.bindings.length ?? 0) > 0) {
      throw new ProtocolError("PRECONDITION_FAILED", `${exchangeText(name)} in use`);
    }
    host.deleteExchange(name);
    if (!noWait) channel.send("exchange.delete-ok", {});
  },

  "exchange.bind"(channel, { destination, source, routingKey, noWait, arguments: values }) {
    const [from, to] = ends(channel, source, destination);
    channel.host.bind(from, { destination: to, routingKey, arguments: values });
    if (!noWait) channel.send("exchange.bind-ok", {});
  },

  "exchange.unbind"(channel, { destination, source, routingKey, noWait, arguments: values }) {
    refuseDefault(source);
    refuseDefault(destination);
    const { exchanges } = channel.host;
    const [from, to] = [exchanges.get(source), exchanges.get(destination)];
    if (from && to) {
      channel.host.unbind(from, { destination: to, routingKey, arguments: values });
    }
    if (!noWait) channel.send("exchange.unbind-ok", {});
  },
};

function ends(channel: Channel, source: string, destination: string): [Exchange, Exchange] {
  refuseDefault(source);
  refuseDefault(destination);
  const { host } = channel;
  return [host.exchange(source), host.exchange(destination)];
}

/** Everything is bound to the default exchange by its name, and that cannot be changed. */
export function refuseDefault(name: string): void {
  if (name !== "") return;
  throw new ProtocolError("ACCESS_REFUSED", "operation not permitted on the default exchange");
}
