/** Structured logs: one JSON object a line, and each that belongs to a request has its correlation id. */

export interface LogEntry {
  readonly level: "info" | "warning" | "error";
  /** What happened, in two or three words that stay the same. */
  readonly event: string;
  readonly correlationId?: string;
  readonly [key: string]: string | number | boolean | undefined;
}

export type Log = (entry: LogEntry) => void;

export function toLine(entry: LogEntry, at = new Date().toISOString()): string {
  return JSON.stringify({ at, ...entry });
}

/** For the log, and for nobody outside. */
export function detailsOf(error: unknown): { readonly error: string; readonly stack?: string } {
  if (!(error instanceof Error)) return { error: String(error) };
  return { error: `${error.name}: ${error.message}`, stack: error.stack ?? "" };
}
