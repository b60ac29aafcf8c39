/** Scalars that check what comes in, so that no resolver meets a date that is none. */

import {
  GraphQLError,
  GraphQLScalarType,
  Kind,
  type ValueNode,
  valueFromASTUntyped,
} from "graphql";

/** `2030-05-01`, a day that exists. */
export const calendarDate = textScalar("Date", "a calendar date as 2030-05-01", (text) => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const midnight = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
});

export const dateTime = textScalar(
  "DateTime",
  "a moment with its time zone as 2030-05-01T12:00:00.000Z",
  (text) =>
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text) &&
    !Number.isNaN(Date.parse(text)),
);

/** A bigint inside, text outside. */
export const position = new GraphQLScalarType<bigint, string>({
  name: "Position",
  serialize: (value) => String(value),
  parseValue: (value) => toPosition(value),
  parseLiteral: (node) => toPosition(node.kind === Kind.STRING ? node.value : undefined),
});

/** Text of at most 200 characters that only who has made it can read. */
export const cursor = textScalar("Cursor", "a cursor from an answer", (text) =>
  /^[A-Za-z0-9_-]{1,200}$/.test(text),
);

export const minorUnits = new GraphQLScalarType<number, number>({
  name: "MinorUnits",
  serialize: toInteger,
  parseValue: toInteger,
  parseLiteral: (node) => toInteger(node.kind === Kind.INT ? Number(node.value) : undefined),
});

/** Whatever JSON holds; a Map becomes an object. */
export const json = new GraphQLScalarType<unknown, unknown>({
  name: "JSON",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** @param isOne whether this text is one */
function textScalar(
  name: string,
  wanted: string,
  isOne: (text: string) => boolean,
): GraphQLScalarType<string, string> {
  const check = (value: unknown): string => {
    if (typeof value === "string" && isOne(value)) return value;
    throw badInput(name, wanted, value);
  };
  return new GraphQLScalarType({
    name,
    serialize: (value) => String(value),
    parseValue: check,
    parseLiteral: (node: ValueNode) => check(node.kind === Kind.STRING ? node.value : undefined),
  });
}

function toPosition(value: unknown): bigint {
  if (typeof value === "string" && /^\d{1,19}$/.test(value)) return BigInt(value);
  throw badInput("Position", "digits in quotes", value);
}

function toInteger(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw badInput("MinorUnits", "a whole number", value);
}

function badInput(name: string, wanted: string, value: unknown): GraphQLError {
  const shown = String(JSON.stringify(value) ?? typeof value).slice(0, 60);
  return new GraphQLError(`${name} is ${wanted}, not ${shown}.`, {
    extensions: { code: "BAD_USER_INPUT" },
  });
}
