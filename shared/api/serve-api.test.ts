import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ApiRequest } from "./client-request.ts";
import { executableSchema, type Resolvers } from "./executable-schema.ts";
import type { LogEntry } from "./log.ts";
import { type ApiOptions, type RunningApi, serveApi } from "./serve-api.ts";

const definitions = `
  type Query { hello: String, pages(first: Int! = 10): [Page!]!, fail: String, slow: String }
  type Mutation { open: String }
  type Page { name: String, pages(first: Int! = 10): [Page!]! }
  type Subscription { ticks: Int, big: String, broken: Int }
`;

const secret = "connection to postgres://hotel:secret@10.0.0.7 was refused";
const big = "x".repeat(100_000);
let made = 0;
let finishSlow: (() => void) | undefined;

const resolvers: Resolvers<ApiRequest> = {
  Query: {
    hello: () => "hello",
    pages: () => [{ name: "one" }],
    fail: () => {
      throw new Error(secret);
    },
    slow: () =>
      new Promise((resolve) => {
        finishSlow = () => resolve("done");
      }),
  },
  Mutation: { open: () => "opened" },
  Page: { pages: () => [] },
  Subscription: {
    ticks: {
      async *subscribe(_, __, { signal }) {
        yield 1;
        yield 2;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    },
    big: {
      async *subscribe(_, __, { signal }) {
        for (made = 0; made < 10_000 && !signal.aborted; made += 1) yield big;
      },
    },
    broken: {
      async *subscribe() {
        yield 1;
        throw new Error(secret);
      },
    },
  },
};

const running: RunningApi[] = [];
afterEach(async () => {
  finishSlow = undefined;
  await Promise.all(running.splice(0).map((api) => api.close()));
});

async function serve(options: Partial<ApiOptions<object>> = {}) {
  const lines: LogEntry[] = [];
  const api = await serveApi({
    schema: executableSchema(definitions, resolvers, []),
    context: () => ({}),
    log: (entry) => lines.push(entry),
    ...options,
  });
  running.push(api);
  return { api, lines };
}

async function ask(api: RunningApi, query: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${api.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query }),
  });
  const body = (await response.json()) as {
    data?: unknown;
    errors?: readonly { message: string; extensions: { code: string; correlationId?: string } }[];
  };
  return { status: response.status, headers: response.headers, body, code: codeOf(body) };
}

function codeOf(body: { errors?: readonly { extensions: { code: string } }[] }) {
  return body.errors?.[0]?.extensions.code;
}

function subscribe(api: RunningApi, query: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${api.url}/graphql?query=${encodeURIComponent(query)}`, {
    headers: { accept: "text/event-stream" },
    ...(signal === undefined ? {} : { signal }),
  });
}

describe("a query to the API", () => {
  it("is answered, with the correlation id of the client and in the log", async () => {
    const { api, lines } = await serve();
    const id = "0af76519-16cd-43dd-8448-eb211c80319c";
    const { body, headers } = await ask(api, "{ hello }", { "x-correlation-id": id });
    expect(body).toEqual({ data: { hello: "hello" } });
    expect(headers.get("x-correlation-id")).toBe(id);
    await expect.poll(() => lines.at(-1)).toMatchObject({ event: "request", correlationId: id });
  });

  it("has the trace id of a traceparent as its correlation id", async () => {
    const { api } = await serve();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const { headers } = await ask(api, "{ hello }", { traceparent });
    expect(headers.get("x-correlation-id")).toBe("0af76519-16cd-43dd-8448-eb211c80319c");
  });

  it("has a new id where the client's is none", async () => {
    const { api } = await serve();
    const { headers } = await ask(api, "{ hello }", { "x-correlation-id": "<script>" });
    expect(headers.get("x-correlation-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ["nests too deep", `{ ${"pages(first: 1) { ".repeat(13)} name ${"}".repeat(13)} }`, "TOO_DEEP"],
    ["multiplies pages", "{ pages(first: 100) { pages(first: 100) { name } } }", "TOO_COSTLY"],
    [
      "multiplies pages by fragments",
      `{ ...a ...a } fragment a on Query { x: pages(first: 90) { ...b ...b ...b } }
       fragment b on Page { pages(first: 10) { name pages(first: 10) { name } } }`,
      "TOO_COSTLY",
    ],
    [
      "asks a thousand times under other names",
      `{ ${Array.from({ length: 1_000 }, (_, index) => `a${index}: hello`).join(" ")} }`,
      "TOO_MANY_TOKENS",
    ],
    ["asks for what there is not", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
    ["is none", "{ hello", "GRAPHQL_PARSE_FAILED"],
    [
      "nests introspection",
      `{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
  ])("that %s is refused", async (_, query, code) => {
    const { api } = await serve();
    expect((await ask(api, query)).code).toBe(code);
  });

  it("that costs as much with a variable is refused, too", async () => {
    const { api } = await serve();
    const response = await fetch(`${api.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: "query ($n: Int!) { pages(first: $n) { pages(first: $n) { name } } }",
        variables: { n: 1_000 },
      }),
    });
    expect(codeOf((await response.json()) as { errors: [] })).toBe("TOO_COSTLY");
  });

  it("that fails inside tells nothing of it, but an id under which the log has it all", async () => {
    const { api, lines } = await serve();
    const { status, body, code, headers } = await ask(api, "{ fail }");
    expect([status, code]).toEqual([500, "INTERNAL"]);
    expect(JSON.stringify(body)).not.toContain("secret");
    const id = headers.get("x-correlation-id");
    expect(body.errors?.[0]?.extensions.correlationId).toBe(id);
    const line = lines.find(({ event }) => event === "resolver failed");
    expect(line).toMatchObject({ correlationId: id, at: "Query.fail", error: `Error: ${secret}` });
  });

  it("that takes too long is given up", async () => {
    const { api } = await serve({ limits: { requestTime: 50 } });
    const { status, code } = await ask(api, "{ slow }");
    expect([status, code]).toEqual([504, "REQUEST_TIMEOUT"]);
  });

  it("by a name that is not this machine's is refused", async () => {
    const { api } = await serve();
    const { port } = new URL(api.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `hotel.example:${port}` };
      httpRequest({ port, host: "127.0.0.1", path: "/graphql", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(421);
  });
});

describe("a request to the API", () => {
  it("with a body that is too long is refused before it is read to its end", async () => {
    const { api } = await serve({ limits: { bodyBytes: 1_000 } });
    const response = await fetch(`${api.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: `{ hello } # ${"x".repeat(10_000)}` }),
    });
    expect(response.status).toBe(413);
    expect(codeOf((await response.json()) as { errors: [] })).toBe("BODY_TOO_LARGE");
  });

  it("with a body that says nothing of its length is cut off at the limit", async () => {
    const { api } = await serve({ limits: { bodyBytes: 1_000 } });
    const answer = await raw(api, [
      "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
      `800\r\n${"x".repeat(0x800)}\r\n`,
    ]);
    expect(answer).toContain("BODY_TOO_LARGE");
  });

  it("that any page could send in somebody's name is refused", async () => {
    const { api } = await serve();
    const response = await fetch(`${api.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "query=mutation{open}",
    });
    expect(response.status).toBe(415);
    const get = await fetch(`${api.url}/graphql?query=mutation{open}`);
    expect(get.status).toBe(405);
  });

  it("after too many others waits, and says for how long", async () => {
    const { api } = await serve({ limits: { burst: 2, perSecond: 1 } });
    const codes = [];
    for (let count = 0; count < 3; count += 1) codes.push((await ask(api, "{ hello }")).code);
    expect(codes).toEqual([undefined, undefined, "RATE_LIMITED"]);
    expect((await ask(api, "{ hello }")).headers.get("retry-after")).toBe("1");
    // Who asks whether the process is alive is never turned away.
    expect((await fetch(`${api.url}/health`)).status).toBe(200);
  });

  it("reaches a route, and what is below it", async () => {
    const { api } = await serve({
      routes: [
        {
          method: "GET",
          path: "/page/*",
          handle: (request, response) => response.end(`page ${request.url}`),
        },
      ],
    });
    expect(await (await fetch(`${api.url}/page/a.js`)).text()).toBe("page /page/a.js");
    expect((await fetch(`${api.url}/other`)).status).toBe(404);
  });

  it("to a route that fails tells nothing of it", async () => {
    const { api, lines } = await serve({
      routes: [
        {
          method: "GET",
          path: "/",
          handle: () => {
            throw new Error(secret);
          },
        },
      ],
    });
    const response = await fetch(`${api.url}/`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(lines.find(({ event }) => event === "request failed")?.error).toContain("secret");
  });
});

describe("health", () => {
  it("is ready when all that it needs is", async () => {
    const { api } = await serve({ ready: async () => ({ database: { ok: true, lag: 3 } }) });
    const response = await fetch(`${api.url}/ready`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { ready: true, database: { ok: true, lag: 3 } },
    ]);
  });

  it("is alive and not ready when something is missing", async () => {
    const { api } = await serve({ ready: async () => ({ database: { ok: false } }) });
    expect((await fetch(`${api.url}/ready`)).status).toBe(503);
    expect((await fetch(`${api.url}/health`)).status).toBe(200);
  });
});

describe("a subscription over server-sent events", () => {
  it("gets what there is, and what comes", async () => {
    const { api } = await serve();
    const leave = new AbortController();
    const response = await subscribe(api, "subscription { ticks }", leave.signal);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await firstOf(response, 2)).toEqual([{ ticks: 1 }, { ticks: 2 }]);
    expect(api.subscriptions()).toBe(1);
    leave.abort();
    await expect.poll(() => api.subscriptions()).toBe(0);
  });

  it("ends as complete when the server closes, and the server closes soon", async () => {
    const { api } = await serve();
    const response = await subscribe(api, "subscription { ticks }");
    const began = performance.now();
    const [text] = await Promise.all([response.text(), api.close()]);
    expect(text).toContain("event: complete");
    expect(performance.now() - began).toBeLessThan(2_000);
    await expect(fetch(`${api.url}/health`)).rejects.toThrow();
  });

  it("that fails inside tells nothing of it", async () => {
    const { api, lines } = await serve();
    const text = await (await subscribe(api, "subscription { broken }")).text();
    expect(text).toContain('"broken":1');
    expect(text).toContain("INTERNAL");
    expect(text).not.toContain("secret");
    expect(lines.find(({ event }) => event === "resolver failed")?.error).toContain("secret");
  });

  it("is one of so many that a client may have, and all", async () => {
    const { api } = await serve({ limits: { subscriptionsPerClient: 2 } });
    const leave = new AbortController();
    await subscribe(api, "subscription { ticks }", leave.signal);
    await subscribe(api, "subscription { ticks }", leave.signal);
    const third = await (await subscribe(api, "subscription { ticks }")).text();
    expect(third).toContain("TOO_MANY_SUBSCRIPTIONS");
    leave.abort();
    await expect.poll(() => api.subscriptions()).toBe(0);
  });

  it("that nobody reads holds no more than the buffers of the network, and is cut off", async () => {
    const { api, lines } = await serve({ limits: { slowReader: 200 } });
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname).pause();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const path = `/graphql?query=${encodeURIComponent("subscription { big }")}`;
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`);
    await expect
      .poll(() => lines.some(({ event }) => event === "reader cut off"), { timeout: 5_000 })
      .toBe(true);
    // A hundred of 100 kB are 10 MB: kernel buffers, and then no more.
    expect(made).toBeLessThan(200);
    await expect.poll(() => api.subscriptions()).toBe(0);
    socket.destroy();
    await closed;
  });
});

describe("a server that closes", () => {
  it("finishes what is under way, and takes nothing new", async () => {
    const { api } = await serve();
    const slow = ask(api, "{ slow }");
    await expect.poll(() => finishSlow).toBeDefined();
    const closed = api.close();
    finishSlow?.();
    expect((await slow).body).toEqual({ data: { slow: "done" } });
    await closed;
  });

  it("waits no longer than its limit", async () => {
    const { api } = await serve({ limits: { closing: 100 } });
    const slow = ask(api, "{ slow }").catch(() => "cut");
    await expect.poll(() => finishSlow).toBeDefined();
    await api.close();
    expect(await slow).toBe("cut");
  });
});

/** The data of the first events of the stream. */
async function firstOf(response: Response, count: number): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const events = [...text.matchAll(/^data: (.+)$/gm)].map(
      ([, json = ""]) => JSON.parse(json).data,
    );
    found.splice(0, found.length, ...events);
    if (found.length >= count) break;
  }
  return found;
}

/** Writes these bytes, and reads until the server closes or has answered. */
function raw(api: RunningApi, parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part);
    });
    socket.on("data", (chunk) => {
      answer += chunk.toString();
      if (answer.includes("errors")) socket.destroy();
    });
    socket.on("error", reject).on("close", () => resolve(answer));
  });
}
