import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startProxy, type Target, type TcpProxy } from "./proxy.ts";

const atTheEnd: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const end of atTheEnd.splice(0).reverse()) await end();
});

/** One end of a connection, and what it has got. */
interface End {
  readonly socket: Socket;
  readonly text: string;
  /** Resolves when the other end has closed its side, or broken the connection. */
  readonly ended: Promise<"ended" | "reset">;
}

function endOf(socket: Socket): End {
  const received: Buffer[] = [];
  socket.on("data", (chunk) => received.push(chunk));
  atTheEnd.push(() => socket.destroy());
  return {
    socket,
    get text() {
      return Buffer.concat(received).toString("latin1");
    },
    ended: new Promise((resolve) => {
      socket.on("end", () => resolve("ended"));
      socket.on("error", () => resolve("reset"));
    }),
  };
}

/** A server that hands over each connection, and a proxy before it. */
async function line() {
  const { address, accepted } = await startServer();
  const proxy = await startProxy(address);
  atTheEnd.push(() => proxy.stop());
  return { proxy, open: () => openThrough(proxy, accepted) };
}

async function startServer() {
  const server = createServer({ allowHalfOpen: true });
  const arrived: End[] = [];
  server.on("connection", (socket) => arrived.push(endOf(socket)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atTheEnd.push(() => server.close());
  const accepted = async (): Promise<End> => {
    if (arrived.length === 0) await once(server, "connection");
    const end = arrived.shift();
    if (!end) throw new TypeError("Nobody has connected.");
    return end;
  };
  return { address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port }, accepted };
}

/** Both ends of a new connection through the proxy. */
async function openThrough(proxy: TcpProxy, accepted: () => Promise<End>) {
  const client = dial(proxy);
  return { client, server: await accepted() };
}

function dial(proxy: TcpProxy): End {
  return endOf(connect({ host: "127.0.0.1", port: Number(new URL(proxy.url).port) }));
}

const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), { maxLength: 12 });

function send({ socket }: End, all: readonly Uint8Array[]): string {
  for (const chunk of all) socket.write(chunk);
  return Buffer.concat(all).toString("latin1");
}

describe("a proxied line", () => {
  it("passes what is sent unchanged, in both directions, however it is cut into chunks, stalled and slowed", async () => {
    const faults = fc.constantFrom("none", "stall", "delay", "limit");
    const directions = fc.constantFrom("to-server", "to-client", "both");
    const { proxy, open } = await line();
    await fc.assert(
      fc.asyncProperty(
        chunks,
        chunks,
        faults,
        directions,
        async (there, back, fault, direction) => {
          if (fault === "stall") proxy.stall(direction);
          if (fault === "delay") proxy.delay(5, direction);
          if (fault === "limit") proxy.limit(1_000_000, direction);
          const { client, server } = await open();
          const sent = { there: send(client, there), back: send(server, back) };
          client.socket.end();
          server.socket.end();
          if (fault === "stall") {
            await new Promise((resolve) => setImmediate(resolve));
            proxy.resume();
          }
          expect(await Promise.all([client.ended, server.ended])).toEqual(["ended", "ended"]);
          expect({ there: server.text, back: client.text }).toEqual(sent);
          proxy.delay(0);
          proxy.limit(Number.POSITIVE_INFINITY);
        },
      ),
      { seed: 1, numRuns: 60 },
    );
    await vi.waitUntil(() => proxy.connections === 0);
  });

  it("lets the one side end, and listen on to the other", async () => {
    const { open } = await line();
    const { client, server } = await open();
    client.socket.end("question");
    await server.ended;
    server.socket.end("answer");
    await client.ended;
    expect([server.text, client.text]).toEqual(["question", "answer"]);
  });

  it("hands a broken connection on as a broken one", async () => {
    const { open } = await line();
    const { client, server } = await open();
    server.socket.resetAndDestroy();
    expect(await client.ended).toBe("reset");
  });

  it("breaks where its server is not there", async () => {
    const { address, accepted } = await startServer();
    const proxy = await startProxy({ host: "127.0.0.1", port: 1 });
    atTheEnd.push(() => proxy.stop());
    expect(await dial(proxy).ended).toBe("reset");

    proxy.retarget(address);
    const { client, server } = await openThrough(proxy, accepted);
    client.socket.end("hello");
    await server.ended;
    expect(server.text).toBe("hello");
  });
});

describe("a line that is cut", () => {
  it("after so many bytes has let through exactly those, in whatever chunks they came", async () => {
    const cases = fc.record(
      {
        all: fc.array(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), {
          minLength: 1,
          maxLength: 12,
        }),
        part: fc.integer({ min: 1, max: 100 }),
        direction: fc.constantFrom("to-server", "to-client", "both"),
      },
      { noNullPrototype: true },
    );
    const { proxy, open } = await line();
    await fc.assert(
      fc.asyncProperty(cases, async ({ all, part, direction }) => {
        const { client, server } = await open();
        const [from, to] = direction === "to-client" ? [server, client] : [client, server];
        const length = all.reduce((sum, chunk) => sum + chunk.length, 0);
        const bytes = Math.ceil((length * part) / 100);
        const isCut = proxy.cutAfter(bytes, direction);
        const sent = send(from, all);
        expect(await isCut).toBe(true);
        await Promise.all([client.ended, server.ended]);
        expect(to.text).toBe(sent.slice(0, bytes));
        client.socket.destroy();
        server.socket.destroy();
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  it("counts both directions together, and the next connection gets through", async () => {
    const { proxy, open } = await line();
    const first = await open();
    const isCut = proxy.cutAfter(10);
    first.client.socket.write("123456");
    await vi.waitUntil(() => first.server.text.length === 6);
    first.server.socket.write("123456");
    await Promise.all([isCut, first.client.ended, first.server.ended]);
    expect([first.server.text, first.client.text]).toEqual(["123456", "1234"]);

    const next = await open();
    next.client.socket.end("hello");
    await next.server.ended;
    expect(next.server.text).toBe("hello");
  });

  it("is reset on both sides", async () => {
    const { proxy, open } = await line();
    const ends = [await open(), await open()].flatMap(({ client, server }) => [client, server]);
    expect(proxy.cut()).toBe(2);
    expect(await Promise.all(ends.map(({ ended }) => ended))).toEqual(Array(4).fill("reset"));
    await vi.waitUntil(() => proxy.connections === 0);
    expect(proxy.cut()).toBe(0);
  });

  it.each(["to-server", "to-client"] as const)(
    "%s alone leaves the other side in its belief",
    async (direction) => {
      const { proxy, open } = await line();
      const { client, server } = await open();
      const [told, other] = direction === "to-server" ? [server, client] : [client, server];
      proxy.cut(direction);
      expect(await told.ended).toBe("reset");
      other.socket.write("is anybody there?");
      await vi.waitUntil(() => other.socket.writableLength === 0);
      expect([other.socket.readyState, proxy.connections]).toEqual(["open", 1]);
      proxy.cut();
      expect(await other.ended).toBe("reset");
    },
  );
});

describe("a stalled line", () => {
  it("passes nothing in its direction, and all of it afterwards", async () => {
    const { proxy, open } = await line();
    const { client, server } = await open();
    proxy.stall("to-server");
    client.socket.write("question");
    server.socket.write("news");
    await vi.waitUntil(() => client.text === "news");
    expect(proxy.passed["to-server"]).toBe(0);
    proxy.resume("to-server");
    await vi.waitUntil(() => server.text === "question");
    expect(proxy.passed).toEqual({ "to-server": 8, "to-client": 4 });
  });

  it("reads no more than it can keep, and goes on where it was", async () => {
    const { proxy, open } = await line();
    const { client, server } = await open();
    proxy.stall();
    const chunk = Buffer.alloc(1024 * 1024, "0123456789");
    const length = 32 * chunk.length;
    for (let size = 0; size < length; size += chunk.length) client.socket.write(chunk);
    client.socket.end();
    const sent = (): number => client.socket.bytesWritten - client.socket.writableLength;
    let before = -1;
    await vi.waitUntil(
      () => {
        const isStill = before === sent() && before > 0;
        before = sent();
        return isStill;
      },
      { interval: 50, timeout: 5_000 },
    );
    // The kernel's buffers take some megabytes for themselves.
    expect(sent()).toBeLessThan(length / 2);
    proxy.resume();
    await server.ended;
    expect(server.text.length).toBe(length);
  });
});

describe("a slow line", () => {
  it("lets everything arrive so much later, in order", async () => {
    const { proxy, open } = await line();
    const { client, server } = await open();
    proxy.delay(60, "to-server");
    const start = performance.now();
    for (const digit of "0123456789") client.socket.write(digit);
    client.socket.end();
    await server.ended;
    expect(server.text).toBe("0123456789");
    expect(performance.now() - start).toBeGreaterThanOrEqual(58);
  });

  it("passes no more than its rate, over all connections together", async () => {
    const { proxy, open } = await line();
    const [first, second] = [await open(), await open()];
    proxy.limit(200_000, "to-server");
    const start = performance.now();
    for (const { client } of [first, second]) client.socket.end(Buffer.alloc(15_000));
    await Promise.all([first.server.ended, second.server.ended]);
    // 30,000 bytes are 150 ms; the first slice of 20 ms goes at once.
    expect(performance.now() - start).toBeGreaterThanOrEqual(105);
    expect(proxy.passed["to-server"]).toBe(30_000);
  });

  it("cannot be slower than nothing, nor faster than at once", async () => {
    const { proxy } = await line();
    expect(() => proxy.limit(0)).toThrow(RangeError);
    expect(() => proxy.delay(-1)).toThrow(RangeError);
    for (const bytes of [0, -1, 1.5, Number.NaN]) {
      expect(() => proxy.cutAfter(bytes)).toThrow(RangeError);
    }
  });
});

describe("a server that is taken down", () => {
  it("breaks all connections and takes none, until it is brought back", async () => {
    const { proxy, open } = await line();
    const { client, server } = await open();
    proxy.takeDown();
    expect(await Promise.all([client.ended, server.ended])).toEqual(["reset", "reset"]);
    expect(await dial(proxy).ended).toBe("reset");
    proxy.bringBack();
    const next = await open();
    next.client.socket.end("hello");
    await next.server.ended;
    expect(next.server.text).toBe("hello");
  });
});

describe("a proxy that is stopped", () => {
  it("leaves no connection, no port and no waiting promise", async () => {
    const { proxy, open } = await line();
    const { client, server } = await open();
    const half = await open();
    proxy.cut("to-server");
    const third = await open();
    const isCut = proxy.cutAfter(1_000);
    await Promise.all([proxy.stop(), proxy.stop()]);
    const all = [client, server, half.client, half.server, third.client, third.server];
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual(Array(6).fill("reset"));
    expect(await isCut).toBe(false);
    expect(await proxy.cutAfter(1)).toBe(false);
    const [error] = await once(dial(proxy).socket, "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("leaves no timer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { proxy, open } = await line();
    const { client } = await open();
    proxy.delay(3_600_000);
    client.socket.write("late");
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    await proxy.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a proxy's address", () => {
  it.each([
    [
      "postgres://ada:s3cret@localhost:5433/hotel?sslmode=disable",
      "postgres://ada:s3cret@HERE/hotel?sslmode=disable",
    ],
    ["postgres://ada@elsewhere/hotel?host=127.0.0.1&port=5433", "postgres://ada@HERE/hotel"],
    ["amqp://guest:guest@[::1]/%2F?heartbeat=5", "amqp://guest:guest@HERE/%2F?heartbeat=5"],
    [{ host: "127.0.0.1", port: 4711 }, "tcp://HERE"],
    ["amqp://ada:s3cret@broker.example/hotel", "amqp://ada:s3cret@HERE/hotel"],
  ] satisfies [Target, string][])(
    "stands in %j where the server's was",
    async (target, expected) => {
      const proxy = await startProxy(target);
      atTheEnd.push(() => proxy.stop());
      expect(proxy.url.replace(/127\.0\.0\.1:\d+/, "HERE")).toBe(expected);
    },
  );

  it.each([
    ["postgres:///hotel?host=/var/run/postgresql", "/var/run/postgresql"],
    ["tcp://127.0.0.1", "tcp://127.0.0.1"],
    ["s3cret", "not a URL"],
  ] satisfies [Target, string][])(
    "is refused for %j, naming what is wrong, but no password",
    async (target, named) => {
      const error = await startProxy(target).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: "RangeError", message: expect.stringContaining(named) });
      expect(String(error)).not.toContain("s3cret");
    },
  );
});
