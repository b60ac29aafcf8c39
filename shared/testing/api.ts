/** What the tests of step 13 stand on: parts that tell what became of them, a context, and a query that is answered. */

import { inspect } from "node:util";
import { type ExecutionResult, GraphQLError, type GraphQLSchema, graphql } from "graphql";
import { expect } from "vitest";
import type { Part } from "../../solutions/13-cqrs-demo/parts.ts";
import { isMistake } from "./waiting.ts";

/** A query's data, or the code of what it was refused with. What was thrown inside goes on. */
export async function answered(
  schema: GraphQLSchema,
  contextValue: object,
  source: string,
  variableValues: Record<string, unknown> = {},
): Promise<unknown> {
  const result = await graphql({ schema, source, contextValue, variableValues });
  return dataOf(result);
}

function dataOf({ data, errors = [] }: ExecutionResult): unknown {
  const [error] = errors;
  if (!error) return JSON.parse(JSON.stringify(data));
  if (error.originalError && !(error.originalError instanceof GraphQLError)) {
    throw error.originalError;
  }
  return `refused: ${String(error.extensions.code ?? error.message)}`;
}

/** What the action fails with. What is not written, or broken in itself, fails the test as it is. */
export async function thrownBy(action: () => Promise<unknown>): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await action();
  } catch (error) {
    if (isMistake(error)) throw error;
    return error;
  }
  if (answer === undefined) return expect.fail("nothing was thrown");
  return expect.fail(
    `nothing was thrown; the answer was ${beginning(inspect(answer, { depth: 2 }))}`,
  );
}

/** What it is shows in its first lines; the rest of it would push the story off the screen. */
function beginning(text: string): string {
  const lines = text.split("\n");
  return lines.length > 10 ? [...lines.slice(0, 9), "  ..."].join("\n") : text;
}

/** Parts without servers, which write down what happens to them. */
export interface ScriptedParts {
  readonly log: string[];
  /** Ready when `getReady` is called, or at once. */
  part(name: string, how?: "at once" | "later" | "never" | "fails" | "cannot start"): () => Part;
  getReady(): void;
}

export function scriptedParts(): ScriptedParts {
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  return {
    log,
    part:
      (name, how = "at once") =>
      () => {
        if (how === "cannot start") throw new Error(`${name} cannot start`);
        log.push(`${name} starts`);
        const ready = new Promise<void>((resolve, reject) => {
          if (how === "at once") resolve();
          if (how === "later") waiting.push(resolve);
          if (how === "fails") reject(new Error(`${name} failed`));
        });
        // Whoever does not wait for it fails its test, and not the process.
        ready.catch(() => undefined);
        return {
          name,
          ready,
          async stop() {
            log.push(`${name} ends`);
            await new Promise((resolve) => setImmediate(resolve));
            log.push(`${name} has ended`);
          },
        };
      },
    getReady() {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}
