/**
 * A TCP proxy before a server, to break the line between a client and it on purpose. It listens on
 * loopback only; the server may be anywhere, as one that AMQP_URL names may be.
 *
 * What is wrong with the line (`stall`, `delay`, `limit`) holds for all connections, those that are
 * open and those to come, until it is taken back. A cut is for the connections that are open in that
 * moment; the next one gets through. Otherwise every byte passes as it came.
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { withoutPassword } from "./address.ts";
import { type Lane, type Mark, openLane, resetSocket } from "./proxy-lane.ts";

export type Direction = "to-server" | "to-client" | "both";

/** A URL, or an address. */
export type Target = string | { readonly host: string; readonly port: number };

export interface TcpProxy {
  /** The target's URL with the proxy's address in it. It stays the same for as long as the proxy runs. */
  readonly url: string;
  /** How many connections are open. */
  readonly connections: number;
  /** How many bytes have passed so far, over all connections. */
  readonly passed: { readonly "to-server": number; readonly "to-client": number };
  /** Aborted when the proxy is stopped. */
  readonly stopping: AbortSignal;
  /**
   * Resets the open connections and answers how many that were. What is on its way is lost. With
   * "to-server" the server alone is told, and the client goes on talking to nobody, as when a router
   * forgets a connection; "to-client" the other way round. Such a half is closed by `cut()` or `stop()`.
   */
  cut(direction?: Direction): number;
  /**
   * Lets exactly so many more bytes pass, then ends the open connections; what has passed does arrive.
   * Counted over all connections together, and with "both" over both directions.
   * Resolves when that has happened: true; when the proxy is stopped before: false.
   * @throws RangeError unless that is a whole number from 1
   */
  cutAfter(bytes: number, direction?: Direction): Promise<boolean>;
  /** As `cutAfter`, but calls `strike` then, which may do anything: no byte passes before it is done. */
  after(bytes: number, direction: Direction, strike: () => void): Promise<boolean>;
  /** Nothing passes any more, not even that a side has closed, and soon nothing is read either. */
  stall(direction?: Direction): void;
  resume(direction?: Direction): void;
  /** Everything arrives so much later, in its order; at most 64 KiB a connection are on their way. 0 takes it back. */
  delay(milliseconds: number, direction?: Direction): void;
  /** Not more than that passes, over all connections together; Infinity takes it back. */
  limit(bytesPerSecond: number, direction?: Direction): void;
  /**
   * The server is gone: open connections are reset, and each new one as soon as it is made. (None is
   * refused: that would mean to give up the port, and another process might take it.)
   */
  takeDown(): void;
  bringBack(): void;
  /** Connections from now on go there, as to a server that came back at another port. */
  retarget(target: Target): void;
  /** Resets all connections, ends all that waits, and gives the port back. */
  stop(): Promise<void>;
}

/** @throws RangeError when the target is not on this machine, or has no port */
export async function startProxy(target: Target): Promise<TcpProxy> {
  let { host, port } = addressOf(target);
  const lanes: Lanes = { "to-server": openLane(), "to-client": openLane() };
  const links = new Set<Link>();
  const stop = new AbortController();
  const stopping = stop.signal;
  let isDown = false;

  // A side that has ended may still listen: each direction's end is handed on by itself.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => {}); // its `close` says so too
    if (isDown || stopping.aborted) {
      client.resetAndDestroy();
      return;
    }
    const link = linked(client, connect({ host, port, allowHalfOpen: true, noDelay: true }), lanes);
    links.add(link);
    void link.closed.then(() => links.delete(link));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = nearUrl(target, (server.address() as AddressInfo).port);

  const lanesOf = (direction: Direction): readonly Lane[] =>
    direction === "both" ? Object.values(lanes) : [lanes[direction]];
  const cut = (direction: Direction = "both"): number => {
    const open = [...links];
    for (const link of open) link.reset(direction);
    return open.length;
  };
  const after: TcpProxy["after"] = (bytes, direction, strike) => {
    if (!Number.isSafeInteger(bytes) || bytes < 1) {
      throw new RangeError(`Nothing happens after ${bytes} bytes: give a whole number from 1.`);
    }
    return new Promise((resolve, reject) => {
      const settle = (isReached: boolean): void => {
        for (const lane of lanesOf(direction)) lane.remove(mark);
        stopping.removeEventListener("abort", giveUp);
        try {
          if (isReached) strike();
          resolve(isReached);
        } catch (error) {
          reject(error);
        }
      };
      const giveUp = (): void => settle(false);
      const mark: Mark = { left: bytes, reached: () => settle(true) };
      if (stopping.aborted) return giveUp();
      for (const lane of lanesOf(direction)) lane.add(mark);
      stopping.addEventListener("abort", giveUp);
    });
  };

  return {
    url,
    stopping,
    get connections() {
      return links.size;
    },
    get passed() {
      return { "to-server": lanes["to-server"].passed, "to-client": lanes["to-client"].passed };
    },
    cut,
    after,
    cutAfter: (bytes, direction = "both") =>
      after(bytes, direction, () => {
        for (const link of links) link.end();
      }),
    stall(direction = "both") {
      for (const lane of lanesOf(direction)) lane.stall(true);
    },
    resume(direction = "both") {
      for (const lane of lanesOf(direction)) lane.stall(false);
    },
    delay(milliseconds, direction = "both") {
      if (!(milliseconds >= 0)) throw new RangeError(`${milliseconds} ms is no delay.`);
      for (const lane of lanesOf(direction)) lane.delay(milliseconds);
    },
    limit(bytesPerSecond, direction = "both") {
      if (!(bytesPerSecond > 0)) {
        throw new RangeError(`${bytesPerSecond} bytes a second is no rate. To stop all: stall().`);
      }
      for (const lane of lanesOf(direction)) lane.limit(bytesPerSecond);
    },
    takeDown() {
      isDown = true;
      cut();
    },
    bringBack() {
      isDown = false;
    },
    retarget(next) {
      ({ host, port } = addressOf(next));
    },
    async stop() {
      stop.abort();
      const closed = [...links].map((link) => link.closed);
      cut();
      await Promise.all(closed);
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

type Lanes = { readonly "to-server": Lane; readonly "to-client": Lane };

/** One proxied connection. */
interface Link {
  reset(direction: Direction): void;
  /** Ends both sides, each after the last byte that was handed on to it. */
  end(): void;
  readonly closed: Promise<unknown>;
}

function linked(client: Socket, upstream: Socket, lanes: Lanes): Link {
  const over = new AbortController();
  upstream.on("error", () => {});
  const closed = Promise.all(
    [client, upstream].map((side) => new Promise((resolve) => side.once("close", resolve))),
  );
  void closed.then(() => over.abort());
  lanes["to-server"].carry(client, upstream, over.signal);
  lanes["to-client"].carry(upstream, client, over.signal);
  return {
    closed,
    reset(direction) {
      over.abort();
      if (direction !== "to-client") resetSocket(upstream);
      if (direction !== "to-server") resetSocket(client);
      // What the half that is left says is read, or its end would not be noticed.
      for (const side of [client, upstream]) side.resume();
    },
    end() {
      over.abort();
      // Read on: closing a socket with something unread resets it, and may cost what was sent last.
      for (const side of [client, upstream]) side.resume().end();
    },
  };
}

const defaultPorts: Readonly<Record<string, number>> = {
  "postgres:": 5432,
  "postgresql:": 5432,
  "amqp:": 5672,
};

function addressOf(target: Target): { readonly host: string; readonly port: number } {
  if (typeof target !== "string") return target;
  if (!URL.canParse(target)) throw new RangeError("The proxy's target is not a URL.");
  const url = new URL(target);
  // PostgreSQL's clients prefer these parameters.
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.searchParams.get("port") || url.port || defaultPorts[url.protocol]);
  if (!(port > 0)) throw new RangeError(`${withoutPassword(target)} names no port.`);
  if (host === "" || host.startsWith("/")) {
    throw new RangeError(
      `The proxy stands in TCP connections, and ${JSON.stringify(host)} is no host's name.`,
    );
  }
  return { host, port };
}

function nearUrl(target: Target, port: number): string {
  if (typeof target !== "string") return `tcp://127.0.0.1:${port}`;
  const near = new URL(target);
  near.hostname = "127.0.0.1";
  near.port = String(port);
  near.searchParams.delete("host");
  near.searchParams.delete("port");
  return near.href;
}
