import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createEventStream, type EventStream, type EventStreamOptions } from "./event-stream.ts";

/** For a machine that has much else to do. */
const patience = { timeout: 30_000 };

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

describe("a stream of server-sent events", () => {
  it("tells a newcomer what is told from now on, and the newest of what is shown", async () => {
    const { stream, read } = await served();
    stream.show("gauge", 1);
    stream.show("gauge", 2);
    const reader = await read();
    stream.tell("step", "a");

    await expect.poll(() => reader.told(), patience).toEqual(["hello", "gauge 2", 'step "a"']);
  });

  it("tells who comes back what was missed, once and in order", async () => {
    const { stream, read } = await served();
    const first = await read();
    stream.tell("step", "a");
    await expect.poll(() => first.told(), patience).toContain('step "a"');
    first.leave();
    stream.tell("step", "b");
    stream.tell("step", "c");
    const again = await read(first.lastId());
    stream.tell("step", "d");

    await expect
      .poll(() => again.told(), patience)
      .toEqual(["hello", 'step "b"', 'step "c"', 'step "d"']);
    expect(again.hello()).toEqual({ resumed: true, past: 2 });
  });

  it("says so to who was away for too long, or knew another process", async () => {
    const { stream, read } = await served({ kept: 2 });
    const first = await read();
    stream.tell("step", "a");
    await expect.poll(() => first.told(), patience).toContain('step "a"');
    for (const step of ["b", "c", "d"]) stream.tell("step", step);
    const late = await read(first.lastId());
    const other = await read("0badcafe-1");
    const odd = await read("\u0000 <script>");

    for (const reader of [late, other, odd]) {
      await expect.poll(() => reader.hello(), patience).toEqual({ resumed: false, past: 2 });
      await expect.poll(() => reader.told(), patience).toEqual(["hello", 'step "c"', 'step "d"']);
    }
  });

  it("shows nothing again that is what it was", async () => {
    const { stream, read } = await served();
    const reader = await read();
    stream.show("gauge", { at: 1 });
    stream.show("gauge", { at: 1 });
    stream.tell("step", "a");

    await expect
      .poll(() => reader.told(), patience)
      .toEqual(["hello", 'gauge {"at":1}', 'step "a"']);
  });

  it("takes as many readers as it may, and forgets who has left", async () => {
    const { stream, read } = await served({ maxReaders: 1 });
    const first = await read();
    expect((await read()).status).toBe(503);
    first.leave();
    await expect.poll(() => stream.readers(), patience).toBe(0);

    expect((await read()).status).toBe(200);
  });

  it("cuts off who does not read, and keeps little for them", async () => {
    const { stream, read } = await served({ waiting: 100_000 });
    const reader = await read();
    reader.pause();
    const text = "x".repeat(10_000);
    let told = 0;
    while (stream.readers() > 0 && told < 100_000) {
      stream.tell("step", text);
      told += 1;
      // The loop turns, so that what can be sent is sent.
      if (told % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }

    expect(stream.readers()).toBe(0);
  });

  it("ends all when it is closed", async () => {
    const { stream, read } = await served();
    const reader = await read();
    stream.close();
    await reader.ended;

    expect(stream.readers()).toBe(0);
  });
});

interface Reader {
  readonly status: number | undefined;
  readonly ended: Promise<void>;
  /** Each message as `name data`. */
  told(): readonly string[];
  hello(): unknown;
  lastId(): string;
  pause(): void;
  leave(): void;
}

async function served(
  options: EventStreamOptions = {},
): Promise<{ stream: EventStream; read(after?: string): Promise<Reader> }> {
  const stream = createEventStream(options);
  const server = createServer((asked, response) => stream.answer(asked, response));
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  undo.push(() => {
    stream.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const read = (after?: string): Promise<Reader> =>
    new Promise((resolve, reject) => {
      const path = after === undefined ? "/" : `/?after=${encodeURIComponent(after)}`;
      const asked = request({ port, host: "127.0.0.1", path, agent: false });
      asked.on("response", (response) => resolve(readerOf(response)));
      asked.on("error", reject);
      asked.end();
    });
  return { stream, read };
}

function readerOf(response: IncomingMessage): Reader {
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  response.on("error", () => undefined);
  const messages = (): readonly { name: string; data: string; id: string | undefined }[] =>
    text
      .split("\n\n")
      .slice(0, -1)
      .map((message) => ({
        name: /^event: (.*)$/m.exec(message)?.[1] ?? "",
        data: /^data: (.*)$/m.exec(message)?.[1] ?? "",
        id: /^id: (.*)$/m.exec(message)?.[1],
      }));
  return {
    status: response.statusCode,
    ended: new Promise((resolve) => response.once("close", resolve)),
    told: () => messages().map(({ name, data }) => (name === "hello" ? name : `${name} ${data}`)),
    hello: () => JSON.parse(messages().find(({ name }) => name === "hello")?.data ?? "null"),
    lastId: () => messages().findLast(({ id }) => id !== undefined)?.id ?? "",
    pause: () => response.pause(),
    leave: () => response.destroy(),
  };
}
