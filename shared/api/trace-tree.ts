/** A trace as a tree of text: who led to what, when it began and how long it took. */

import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";

export interface TreeLine {
  /** With the branches that lead to it: `│ └ project`. */
  readonly text: string;
  /** Milliseconds since the trace began. */
  readonly begin: number;
  readonly milliseconds: number;
}

/** The spans in the order of their beginning, each below its parent; one whose parent is elsewhere is a root. */
export function treeOf(spans: readonly ReadableSpan[]): readonly TreeLine[] {
  const known = new Set(spans.map((span) => span.spanContext().spanId));
  const children = new Map<string, ReadableSpan[]>();
  const inOrder = [...spans].sort((a, b) => beginOf(a) - beginOf(b));
  for (const span of inOrder) {
    const parent = span.parentSpanContext?.spanId ?? "";
    const key = known.has(parent) ? parent : "";
    children.set(key, [...(children.get(key) ?? []), span]);
  }
  const first = inOrder[0];
  const start = first ? beginOf(first) : 0;
  const lines: TreeLine[] = [];
  const visit = (span: ReadableSpan, branch: string, below: string): void => {
    const begin = beginOf(span) - start;
    lines.push({
      text: `${branch}${span.name}`,
      begin,
      milliseconds: toMilliseconds(span.duration),
    });
    const own = children.get(span.spanContext().spanId) ?? [];
    own.forEach((child, index) => {
      const isLast = index === own.length - 1;
      visit(child, `${below}${isLast ? "└ " : "├ "}`, `${below}${isLast ? "  " : "│ "}`);
    });
  };
  for (const root of children.get("") ?? []) visit(root, "", "");
  return lines;
}

function beginOf(span: ReadableSpan): number {
  return toMilliseconds(span.startTime);
}

function toMilliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}
