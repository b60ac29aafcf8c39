/**
 * A small AMQP 0-9-1 broker over TCP, for machines without RabbitMQ. It is not RabbitMQ, and says so.
 *
 * It does what the steps need and behaves there as RabbitMQ 3.10 does; what it has not, it refuses with the
 * protocol's own error. Everything lives in memory: durable queues and persistent messages last as long as
 * the broker, and no longer. It listens on loopback only, does not keep its process alive, and serves its
 * clients on that process's event loop.
 *
 * Read it from here along a message's way: connection, channel, publishing, virtual host, queue, consumer.
 */

import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer } from "node:net";
import { Connection } from "./connection.ts";
import { VirtualHost } from "./virtual-host.ts";

export interface Broker {
  /** With the user and the random password that it takes. */
  readonly url: string;
  /** Tells all clients, then ends, and forgets everything. */
  stop(): Promise<void>;
}

export interface BrokerOptions {
  /** Any free one where it is not given. */
  readonly port?: number;
  /** Milliseconds that a client has to open its connection, and to answer when it is closed. */
  readonly patience?: number;
  /** Octets that may wait in queues before publishers have to. */
  readonly memoryLimit?: number;
}

/** Starts a broker. Rejects where the port is taken. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { port = 0, patience = 10_000, memoryLimit = 512 * 1024 * 1024 } = options;
  const credentials = { user: "workshop", password: randomBytes(18).toString("base64url") };
  const connections = new Set<Connection>();
  let onEmpty = (): void => {};
  const host = new VirtualHost(memoryLimit, (isLow) => {
    for (const connection of connections) connection.memoryChanged(isLow);
  });
  const server = createServer((socket) => {
    socket.unref();
    const onEnd = (connection: Connection): void => {
      connections.delete(connection);
      if (connections.size === 0) onEmpty();
    };
    connections.add(new Connection(socket, { host, credentials, patience, onEnd }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", backlog: 1024 }, resolve);
  });
  // A client that cannot be accepted, for want of a file handle, is no reason to end.
  server.on("error", () => {});
  server.unref();
  const { port: actualPort } = server.address() as AddressInfo;
  const { user, password } = credentials;
  return {
    url: `amqp://${user}:${password}@127.0.0.1:${actualPort}`,
    async stop() {
      server.close();
      const areGone = new Promise<void>((resolve) => {
        onEmpty = resolve;
      });
      for (const connection of connections) connection.shutDown();
      // Nothing else might keep the process alive until they have answered.
      const alive = setInterval(() => {}, 1000);
      if (connections.size > 0) await areGone;
      clearInterval(alive);
      host.close();
    },
  };
}
