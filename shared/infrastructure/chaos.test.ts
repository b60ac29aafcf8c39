import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { chaos, type Fault, play } from "./chaos.ts";
import { startProxy } from "./proxy.ts";

const atTheEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of atTheEnd.splice(0).reverse()) await end();
});

/** A proxied server that sends all back, and how much each of its connections got. */
async function counted() {
  const received: number[] = [];
  const server = createServer((socket) => {
    const index = received.push(0) - 1;
    socket.pipe(socket);
    socket.on("data", (chunk) => {
      received[index] = (received[index] ?? 0) + chunk.length;
    });
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atTheEnd.push(() => server.close());
  const proxy = await startProxy({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
  });
  atTheEnd.push(() => proxy.stop());
  return { proxy, received };
}

/** Sends a thousand bytes at a time, on a new connection whenever the one before is gone, until told. */
async function sendOn(url: string, isEnough: () => boolean): Promise<void> {
  while (!isEnough()) {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
    socket.on("error", () => {});
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.resume();
    while (!socket.closed && !isEnough()) {
      await new Promise((resolve) => socket.write(Buffer.alloc(1_000), resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.destroy();
    await closed;
  }
}

describe("a plan of faults", () => {
  it("is the same for the same seed, and plain data", () => {
    const plan = chaos(42, { faults: 20 });
    expect(plan).toHaveLength(20);
    expect(chaos(42, { faults: 20 })).toEqual(plan);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(chaos(43, { faults: 20 })).not.toEqual(plan);
  });

  it("keeps to what was asked for, and has all kinds and directions", () => {
    const plan = chaos(1, { faults: 200, within: 50, lasting: 9 });
    const most = (values: readonly number[]): number => Math.max(...values);
    expect({
      kinds: new Set(plan.map(({ fault }) => fault)),
      directions: new Set(plan.map(({ direction }) => direction)),
      after: most(plan.map(({ after }) => after)),
      least: Math.min(...plan.map(({ after }) => after)),
      lasting: most(plan.map((fault) => ("milliseconds" in fault ? fault.milliseconds : 0))),
    }).toEqual({
      kinds: new Set(["cut", "down", "stall", "delay", "limit"]),
      directions: new Set(["to-server", "to-client", "both"]),
      after: 50,
      least: 1,
      lasting: 9,
    });
  });
});

describe("a plan that is played", () => {
  it("cuts at exactly the planned bytes", async () => {
    const { proxy, received } = await counted();
    const plan: readonly Fault[] = [
      { fault: "cut", after: 2_500, direction: "to-server" },
      { fault: "cut", after: 1, direction: "both" },
      { fault: "cut", after: 10_000, direction: "to-server" },
    ];
    let isOver = false;
    const played = play(proxy, plan).then((wasPlayed) => {
      isOver = true;
      return wasPlayed;
    });
    await sendOn(proxy.url, () => isOver);
    expect(await played).toBe(true);
    await expect.poll(() => received.slice(0, 3)).toEqual([2_500, 1, 10_000]);
  });

  it("leaves the line whole afterwards", async () => {
    const { proxy, received } = await counted();
    const plan = chaos(7, { faults: 12, lasting: 10 });
    let isOver = false;
    const played = play(proxy, plan).finally(() => {
      isOver = true;
    });
    await sendOn(proxy.url, () => isOver);
    expect(await played, JSON.stringify(plan)).toBe(true);
    const before = received.length;
    await sendOn(proxy.url, () => received.slice(before).some((count) => count > 100_000));
    expect(received.slice(before)).toHaveLength(1);
  });

  it("ends with the proxy", async () => {
    const { proxy } = await counted();
    const played = play(proxy, [
      { fault: "stall", after: 1, direction: "to-server", milliseconds: 3_600_000 },
      { fault: "cut", after: 1, direction: "to-server" },
    ]);
    let isOver = false;
    const sending = sendOn(proxy.url, () => isOver);
    await expect.poll(() => proxy.passed["to-server"]).toBeGreaterThan(0);
    await proxy.stop();
    isOver = true;
    expect(await played).toBe(false);
    await sending;
  });
});
