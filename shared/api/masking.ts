/**
 * What went wrong inside stays inside. The client gets a sentence and the correlation id, the log gets
 * the error under the same id.
 */

import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from "graphql";
import { detailsOf, type Log } from "./log.ts";

/** What masking needs of a resolver's context. */
export interface Correlated {
  readonly correlationId: string;
}

type Resolver = GraphQLFieldResolver<unknown, Correlated>;

/** Wraps each resolver of the schema. What they throw as a GraphQLError is meant for the client, and goes out. */
export function maskErrors(schema: GraphQLSchema, log: Log): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const at = `${type.name}.${field.name}`;
      if (field.resolve) field.resolve = masked(field.resolve, at, log);
      if (field.subscribe) field.subscribe = maskedStream(field.subscribe, at, log);
    }
  }
  return schema;
}

/** The answer to a fault of ours. */
export function internalError(correlationId: string): GraphQLError {
  return new GraphQLError(
    `Something went wrong here, and it is no fault of the request. Tell us this id: ${correlationId}.`,
    { extensions: { code: "INTERNAL", correlationId, http: { status: 500 } } },
  );
}

function masked(resolve: Resolver, at: string, log: Log): Resolver {
  return async (parent, args, context, info) => {
    try {
      return await resolve(parent, args, context, info);
    } catch (error) {
      throw outside(error, at, context, log);
    }
  };
}

function maskedStream(subscribe: Resolver, at: string, log: Log): Resolver {
  return async (parent, args, context, info) => {
    try {
      const source: unknown = await subscribe(parent, args, context, info);
      return isAsyncIterable(source) ? maskedEvents(source, at, context, log) : source;
    } catch (error) {
      throw outside(error, at, context, log);
    }
  };
}

async function* maskedEvents(
  source: AsyncIterable<unknown>,
  at: string,
  context: Correlated,
  log: Log,
): AsyncGenerator<unknown> {
  try {
    yield* source;
  } catch (error) {
    throw outside(error, at, context, log);
  }
}

function outside(error: unknown, at: string, { correlationId }: Correlated, log: Log): Error {
  if (error instanceof GraphQLError) return error;
  log({ level: "error", event: "resolver failed", at, correlationId, ...detailsOf(error) });
  return internalError(correlationId);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
