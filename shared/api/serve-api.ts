/**
 * The API as a server: who asks, may they, answer, and end well. Each line of `answer` is one thing that
 * can be refused; what it means is in refusal.ts.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { GraphQLSchema } from "graphql";
import { type ApiRequest, correlationIdOf, isReachedAs, readBody } from "./client-request.ts";
import { createEngine, type EngineContext } from "./graphql-engine.ts";
import { answerReady, type Readiness, sendJson } from "./health.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { detailsOf, type Log } from "./log.ts";
import { createRateLimit } from "./rate-limit.ts";
import { type RefusalCode, refusalBody, refusals } from "./refusal.ts";
import { SlowReader, sendResponse } from "./send-response.ts";
import { createSubscriptions } from "./subscriptions.ts";

/** Something else that is served beside GraphQL: a page. It sets its own headers. */
export interface Route {
  readonly method: "GET" | "POST";
  /** As it is, or with all below it where it ends with `/*`. */
  readonly path: string;
  handle(request: IncomingMessage, response: ServerResponse, known: ApiRequest): unknown;
}

export interface ApiOptions<Context extends object> {
  readonly schema: GraphQLSchema;
  /** What resolvers get beside the request itself. */
  readonly context: (request: ApiRequest) => Context;
  readonly ready?: () => Promise<Readiness>;
  readonly routes?: readonly Route[];
  readonly limits?: Partial<Limits>;
  readonly log?: Log;
  /** Names that it may be reached by; those of this machine for itself when left out. */
  readonly hosts?: readonly string[];
  /** Any free one when left out. */
  readonly port?: number;
}

export interface RunningApi {
  /** `http://127.0.0.1:4000` */
  readonly url: string;
  /** How many subscriptions are open. */
  subscriptions(): number;
  /** Takes nothing new, finishes what is under way, ends subscriptions as complete; all within a limit. */
  close(): Promise<void>;
}

/** Serves on the loopback interface only: what is outside reaches it through a proxy that has TLS. */
export async function serveApi<Context extends object>(
  options: ApiOptions<Context>,
): Promise<RunningApi> {
  const limits = { ...defaultLimits, ...options.limits };
  const { ready = async () => ({}), routes = [], log = () => undefined } = options;
  const hosts = options.hosts ?? ["127.0.0.1", "localhost", "[::1]"];
  const subscriptions = createSubscriptions(limits);
  const engine = createEngine(options.schema, limits, subscriptions, log);
  const rates = createRateLimit(limits);
  const closing = new AbortController();

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    known: ApiRequest,
    left: AbortSignal,
    told: EngineContext["told"],
  ): Promise<void> => {
    const refuse = (code: RefusalCode, message: string): void => {
      response.writeHead(refusals[code], { "content-type": "application/json; charset=utf-8" });
      response.end(refusalBody(code, message, known.correlationId));
    };
    const url = new URL(request.url ?? "/", "http://localhost");
    if (!isReachedAs(request, hosts)) {
      return refuse("HOST_NOT_ALLOWED", "This server is reached by another name.");
    }
    if (url.pathname === "/health") return sendJson(response, 200, { alive: true });
    if (url.pathname === "/ready") return answerReady(response, closing.signal.aborted, ready);
    if (closing.signal.aborted) return refuse("SHUTTING_DOWN", "Ask again in a moment.");
    const seconds = rates.take(known.client);
    if (seconds !== undefined) {
      response.setHeader("retry-after", Math.ceil(seconds));
      return refuse("RATE_LIMITED", `Ask again in ${Math.ceil(seconds)} s.`);
    }
    const route = routes.find((each) => leadsTo(each, request.method, url.pathname));
    if (route) return void (await route.handle(request, response, known));
    if (url.pathname !== "/graphql") return refuse("NOT_FOUND", "There is nothing at this path.");
    // A form can be sent from any page, in the name of whoever looks at it; JSON cannot.
    const isJson = /^application\/json\b/i.test(request.headers["content-type"] ?? "");
    if (request.method !== "GET" && !isJson) {
      return refuse("UNSUPPORTED_MEDIA_TYPE", "Send a query as application/json.");
    }
    const body =
      request.method === "GET" ? Buffer.alloc(0) : await readBody(request, limits.bodyBytes);
    if (!body) {
      response.setHeader("connection", "close");
      return refuse("BODY_TOO_LARGE", `A request has at most ${limits.bodyBytes} bytes.`);
    }
    const context = { ...options.context(known), ...known, told };
    const wanted = new Request(`http://localhost${request.url ?? ""}`, {
      method: request.method ?? "GET",
      headers: headersOf(request),
      // Not `known.signal`: what is under way when the server closes is finished.
      signal: left,
      ...(request.method === "GET" ? {} : { body: new Uint8Array(body) }),
    });
    const result = await within(limits.requestTime, engine.fetch(wanted, context));
    if (!result) {
      return refuse(
        "REQUEST_TIMEOUT",
        "It took too long. A command may be sent again with its id.",
      );
    }
    response.setHeader("x-content-type-options", "nosniff");
    await sendResponse(response, result, limits.slowReader);
  };

  // Node counts a connection that was opened in advance, as browsers do, as one that is at work.
  const connections = new Set<Socket>();
  const underWay = new Set<Socket>();
  const server = createServer((request, response) => {
    const began = performance.now();
    const left = new AbortController();
    const correlationId = correlationIdOf(request);
    const client = request.socket.remoteAddress ?? "unknown";
    const signal = AbortSignal.any([left.signal, closing.signal]);
    const told: EngineContext["told"] = {};
    const line = { correlationId, client, method: request.method ?? "", path: pathOf(request) };
    underWay.add(request.socket);
    response.once("close", () => {
      left.abort();
      underWay.delete(request.socket);
      // A connection that is kept alive would keep the server open for seconds.
      if (closing.signal.aborted) request.socket.end();
      const milliseconds = Math.round(performance.now() - began);
      log({
        level: "info",
        event: "request",
        ...line,
        ...told,
        status: response.statusCode,
        milliseconds,
      });
    });
    response.setHeader("x-correlation-id", correlationId);
    answer(request, response, { correlationId, client, signal }, left.signal, told).catch(
      (error: unknown) => {
        if (error instanceof SlowReader) {
          log({ level: "warning", event: "reader cut off", ...line });
          return;
        }
        if (!left.signal.aborted) {
          log({ level: "error", event: "request failed", ...line, ...detailsOf(error) });
        }
        if (!response.headersSent) {
          response.writeHead(500, { "content-type": "application/json; charset=utf-8" });
          response.end(refusalBody("INTERNAL", "Something went wrong here.", correlationId));
        } else {
          response.destroy();
        }
      },
    );
  });
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  server.requestTimeout = limits.requestTime;
  server.headersTimeout = Math.min(limits.requestTime, 5_000);
  server.maxConnections = limits.subscriptions + 500;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    subscriptions: () => subscriptions.count(),
    close() {
      closed ??= new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), limits.closing);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        closing.abort();
        for (const socket of connections) if (!underWay.has(socket)) socket.destroy();
      });
      return closed;
    },
  };
}

function leadsTo(route: Route, method: string | undefined, path: string): boolean {
  const isBelow = route.path.endsWith("/*") && path.startsWith(route.path.slice(0, -1));
  return route.method === method && (isBelow || route.path === path);
}

/** Without what stands behind the question mark: a query has names in it. */
function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0]?.slice(0, 200) ?? "/";
}

function headersOf({ headers }: IncomingMessage): Headers {
  const kept = ["accept", "content-type"].flatMap((name) => {
    const value = headers[name]?.toString();
    return value === undefined ? [] : [[name, value] as [string, string]];
  });
  return new Headers(kept);
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
