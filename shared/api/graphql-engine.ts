/** GraphQL Yoga with the API's limits. What it is not needed for is switched off. */

import { AsyncLocalStorage } from "node:async_hooks";
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  Lexer,
  Source,
  TokenKind,
} from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { ApiRequest } from "./client-request.ts";
import type { Limits } from "./limits.ts";
import { detailsOf, type Log } from "./log.ts";
import { internalError, maskErrors } from "./masking.ts";
import { costOf } from "./query-cost.ts";
import { refuse } from "./refusal.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface Engine {
  /** Answers one HTTP request of GraphQL. `context` is what resolvers get. */
  fetch(request: Request, context: EngineContext): Promise<Response>;
}

/** What every resolver's context has; `told` is written to the log. */
export interface EngineContext extends ApiRequest {
  readonly told: { operation?: string; cost?: number };
}

export function createEngine(
  schema: GraphQLSchema,
  limits: Limits,
  subscriptions: Subscriptions,
  log: Log,
): Engine {
  const current = new AsyncLocalStorage<EngineContext>();
  const yoga = createYoga<EngineContext>({
    schema: maskErrors(schema, log),
    graphqlEndpoint: "/graphql",
    plugins: [limiting(limits, subscriptions)],
    maskedErrors: {
      // A net below the resolvers' own: what is thrown around them.
      maskError: (error) => {
        if (isMeantForClients(error)) return error;
        const { correlationId = "unknown" } = current.getStore() ?? {};
        log({ level: "error", event: "request failed", correlationId, ...detailsOf(error) });
        return internalError(correlationId);
      },
    },
    logging: false,
    graphiql: false,
    landingPage: false,
    healthCheckEndpoint: "/never",
    cors: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: limits.bodyBytes,
  });
  return {
    fetch: async (request, context) => current.run(context, () => yoga.fetch(request, context)),
  };
}

function limiting(limits: Limits, subscriptions: Subscriptions): Plugin<EngineContext> {
  const check = (args: ExecutionArgs): void => {
    const context = args.contextValue as EngineContext;
    const { schema, document, operationName, variableValues } = args;
    const cost = costOf(
      {
        schema,
        document,
        operationName: operationName ?? undefined,
        variables: variableValues ?? {},
      },
      limits,
    );
    context.told.cost = cost;
  };
  return {
    onParams({ params, setResult }) {
      // Before it is parsed, and without the list of words that a long query would make.
      if (isLongerThan(limits.tokens, params.query ?? "")) {
        const message = `A query has at most ${limits.tokens} words and signs.`;
        setResult({ errors: [refuse("TOO_MANY_TOKENS", message)] });
      }
    },
    onExecute({ args }) {
      check(args);
    },
    onSubscribe({ args }) {
      check(args);
      const { client, signal } = args.contextValue as EngineContext;
      subscriptions.open(client, signal);
    },
  };
}

/** Whether the query has more tokens; what is none is left to the parser, which says where. */
function isLongerThan(tokens: number, query: string): boolean {
  const lexer = new Lexer(new Source(query));
  try {
    for (let count = 0; count <= tokens; count += 1) {
      if (lexer.advance().kind === TokenKind.EOF) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** What GraphQL says about a query, and what was thrown to be told; not an error that it has wrapped. */
function isMeantForClients(error: unknown): error is GraphQLError {
  if (!(error instanceof GraphQLError)) return false;
  const { originalError } = error;
  return originalError === undefined || isMeantForClients(originalError);
}
