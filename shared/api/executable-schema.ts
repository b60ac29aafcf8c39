/** A schema and the functions that answer it: a name that the other side has not is an error at the start. */

import { buildSchema, GraphQLObjectType, GraphQLScalarType, type GraphQLSchema } from "graphql";
import { refuse } from "./refusal.ts";

// `never`: each resolver says itself what its parent and its arguments are; GraphQL has checked those.
export type Resolve<Context> = (parent: never, args: never, context: Context) => unknown;

export interface Subscribe<Context> {
  readonly subscribe: (parent: never, args: never, context: Context) => AsyncIterable<unknown>;
}

/** By type and field. */
export type Resolvers<Context> = Readonly<
  Record<string, Readonly<Record<string, Resolve<Context> | Subscribe<Context>>>>
>;

/** @throws TypeError for a resolver without a field, or a root field without a resolver */
export function executableSchema<Context>(
  definitions: string,
  resolvers: Resolvers<Context>,
  scalars: readonly GraphQLScalarType[],
): GraphQLSchema {
  const schema = buildSchema(definitions);
  for (const scalar of scalars) {
    const declared = schema.getType(scalar.name);
    if (!(declared instanceof GraphQLScalarType)) {
      throw new TypeError(`The schema has no scalar ${scalar.name}.`);
    }
    const { serialize, parseValue, parseLiteral } = scalar;
    Object.assign(declared, { serialize, parseValue, parseLiteral });
  }
  for (const [typeName, fields] of Object.entries(resolvers)) {
    for (const [fieldName, resolver] of Object.entries(fields)) {
      const field = objectType(schema, typeName)?.getFields()[fieldName];
      if (!field) throw new TypeError(`The schema has no field ${typeName}.${fieldName}.`);
      if (typeof resolver === "function") {
        field.resolve = (parent: unknown, args: unknown, context: Context) => {
          if (typeName !== "Mutation") requireText(args);
          return resolver(parent as never, args as never, context);
        };
      } else {
        field.subscribe = (parent: unknown, args: unknown, context: Context) => {
          requireText(args);
          return resolver.subscribe(parent as never, args as never, context);
        };
        field.resolve = (payload: unknown) => payload;
      }
    }
  }
  for (const type of [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ]) {
    for (const { name, resolve } of Object.values(type?.getFields() ?? {})) {
      if (!resolve) throw new TypeError(`Nothing answers ${type?.name ?? ""}.${name}.`);
    }
  }
  return schema;
}

function objectType(schema: GraphQLSchema, name: string): GraphQLObjectType | undefined {
  const type = schema.getType(name);
  return type instanceof GraphQLObjectType ? type : undefined;
}

/** What no text column holds is no name of anything: a query says so. A command is judged by the store. */
function requireText(value: unknown): void {
  if (typeof value === "string" && (value.includes("\0") || /\p{Surrogate}/u.test(value))) {
    throw refuse("BAD_USER_INPUT", "Text here has no NUL and no half characters.");
  }
  if (typeof value === "object" && value !== null) Object.values(value).forEach(requireText);
}
