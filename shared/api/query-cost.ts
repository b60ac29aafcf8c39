/**
 * What a query would cost, before it costs anything: how deep it nests, and how many fields it leads
 * to, where everything below a page counts as often as the page has entries.
 */

import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import type { Limits } from "./limits.ts";
import { refuse } from "./refusal.ts";

export interface Asked {
  readonly schema: GraphQLSchema;
  /** It has been validated: there are no fragments that contain themselves. */
  readonly document: DocumentNode;
  readonly operationName?: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * The cost of the operation.
 * @throws GraphQLError TOO_DEEP or TOO_COSTLY, as soon as it is seen: no query is measured for long
 */
export function costOf(asked: Asked, limits: Pick<Limits, "depth" | "cost">): number {
  const { schema, document, operationName, variables } = asked;
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return 0;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition);
  }
  let total = 0;

  const visit = (set: SelectionSetNode, typeName: string, times: number, depth: number): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? typeName;
        visit(selection.selectionSet, condition, times, depth);
      } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        if (fragment) {
          visit(fragment.selectionSet, fragment.typeCondition.name.value, times, depth);
        }
      } else {
        visitField(selection, typeName, times, depth);
      }
    }
  };
  const visitField = (node: FieldNode, typeName: string, times: number, depth: number): void => {
    // GraphQL.js has a rule for introspection: lists in lists in lists are refused when validated.
    const isIntrospection = node.name.value.startsWith("__");
    if (depth > limits.depth) {
      throw refuse("TOO_DEEP", `A query nests up to ${limits.depth} levels deep. Ask in two.`);
    }
    total += times;
    if (total > limits.cost) {
      throw refuse(
        "TOO_COSTLY",
        `A query may cost ${limits.cost}, and this one costs more. What stands below a page counts ` +
          "`first` times: ask for less of it, or for smaller pages.",
      );
    }
    if (!node.selectionSet || isIntrospection) return;
    const field = fieldOf(schema, typeName, node.name.value);
    if (!field) return;
    const below = times * pageSize(field, node, variables);
    visit(node.selectionSet, getNamedType(field.type).name, below, depth + 1);
  };

  visit(operation.selectionSet, root.name, 1, 1);
  return total;
}

function fieldOf(
  schema: GraphQLSchema,
  typeName: string,
  fieldName: string,
): GraphQLField<unknown, unknown> | undefined {
  const type = schema.getType(typeName);
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
}

/** What the argument `first` says, or its default: 1 for a field that is no page. */
function pageSize(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const argument = field.args.find(({ name }) => name === "first");
  if (!argument) return 1;
  const given = node.arguments?.find(({ name }) => name.value === "first")?.value;
  const value =
    given?.kind === Kind.VARIABLE
      ? (variables[given.name.value] ?? argument.defaultValue)
      : given?.kind === Kind.INT
        ? Number(given.value)
        : argument.defaultValue;
  // A resolver says what is no size at all; here it must only not make anything cheaper.
  return typeof value === "number" && value >= 1 ? value : 1;
}
