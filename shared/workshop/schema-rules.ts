/** The API's schema: what is served is what the file says, and the file says something about everything. */

import {
  buildClientSchema,
  buildSchema,
  type GraphQLNamedType,
  introspectionFromSchema,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
} from "graphql";
import { apiSchema, schemaText } from "../../solutions/13-cqrs-demo/api-schema.ts";

const file = "solutions/13-cqrs-demo/schema.graphql";

/**
 * The file is written for people, in an order that tells a story; so both sides are printed anew before
 * they are compared, and neither is sorted.
 */
export function schemaFaults(): readonly string[] {
  const written = buildSchema(schemaText);
  // As a client sees it.
  const served = buildClientSchema(introspectionFromSchema(apiSchema()));
  const isSame = printSchema(served) === printSchema(written);
  const own = Object.values(written.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  return [
    ...(isSame ? [] : [`${file} is not the schema that is served.`]),
    ...own.flatMap(undescribed).map((what) => `${file}: ${what} has no description.`),
  ];
}

function undescribed(type: GraphQLNamedType): readonly string[] {
  const own = type.description ? [] : [type.name];
  if (isEnumType(type)) {
    const values = type.getValues().filter(({ description }) => !description);
    return [...own, ...values.map(({ name }) => `${type.name}.${name}`)];
  }
  if (!isObjectType(type) && !isInputObjectType(type)) return own;
  const fields = Object.values(type.getFields()).filter(({ description }) => !description);
  return [...own, ...fields.map(({ name }) => `${type.name}.${name}`)];
}
