/**
 * Traces for OpenTelemetry whose ids are known before anybody sends them. A correlation id is a UUID,
 * and without its dashes a trace id; what a span is about has a UUID, too, and its first half is the
 * span's id. So each process finds a span's parent by itself, and nothing new has to travel.
 */

import { ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** Something that was done, and how long it took; times in milliseconds since 1970. */
export interface Work {
  readonly name: string;
  /** The UUID of the request that it belongs to. */
  readonly correlationId: string;
  /** The UUID of what it is about, if something else may come of it. */
  readonly id?: string;
  /** The UUID of what it came of. */
  readonly causedBy?: string;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly from: number;
  readonly to: number;
}

export interface Tracing {
  record(work: Work): void;
  /** The finished spans of one request. */
  spansOf(correlationId: string): readonly ReadableSpan[];
  stop(): Promise<void>;
}

/** Keeps the spans in memory; put an exporter for a collector in its place, and they go there. */
export function createTracing(exporter = new InMemorySpanExporter()): Tracing {
  let wanted: { readonly traceId: string; readonly spanId: string | undefined } | undefined;
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    idGenerator: {
      generateTraceId: () => wanted?.traceId ?? randomHex(32),
      generateSpanId: () => wanted?.spanId ?? randomHex(16),
    },
  });
  const tracer = provider.getTracer("event-sourcing-workshop");
  return {
    record({ name, correlationId, id, causedBy, attributes = {}, from, to }) {
      const traceId = traceIdOf(correlationId);
      if (traceId === undefined) return;
      const parentId = causedBy === undefined ? undefined : spanIdOf(causedBy);
      const parent =
        parentId === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId,
              spanId: parentId,
              traceFlags: TraceFlags.SAMPLED,
              isRemote: true,
            });
      // Both generators are asked inside startSpan, and nothing else runs meanwhile.
      wanted = { traceId, spanId: id === undefined ? undefined : spanIdOf(id) };
      const span = tracer.startSpan(
        name,
        { startTime: from, attributes: { ...attributes } },
        parent,
      );
      wanted = undefined;
      span.end(to);
    },
    spansOf(correlationId) {
      const traceId = traceIdOf(correlationId);
      return exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
    },
    stop: () => provider.shutdown(),
  };
}

/** 32 hexadecimal digits; undefined for an id that is no UUID. */
function traceIdOf(correlationId: string): string | undefined {
  return hexOf(correlationId);
}

/** The first 16 digits: for UUIDs that are random, or hashes, as good as any. */
function spanIdOf(id: string): string | undefined {
  return hexOf(id)?.slice(0, 16);
}

function hexOf(uuid: string): string | undefined {
  const digits = uuid.replaceAll("-", "").toLowerCase();
  return /^(?!0+$)[0-9a-f]{32}$/.test(digits) ? digits : undefined;
}

function randomHex(digits: number): string {
  return Array.from({ length: digits }, () => Math.trunc(Math.random() * 16).toString(16)).join("");
}
