/** Is the process alive, and can it do its work? Two questions: who restarts asks the first, who routes the second. */

import type { ServerResponse } from "node:http";

/** What one thing that is needed says of itself. */
export interface Check {
  readonly ok: boolean;
  readonly [detail: string]: string | number | boolean;
}

export type Readiness = Readonly<Record<string, Check>>;

const patience = 2_000;

/** 200 when all checks pass, 503 else; what does not answer in time has not passed. */
export async function answerReady(
  response: ServerResponse,
  isClosing: boolean,
  ready: () => Promise<Readiness>,
): Promise<void> {
  const checks = isClosing ? { closing: { ok: false } } : await within(patience, ready());
  const ok = Object.values(checks).every((check) => check.ok);
  sendJson(response, ok ? 200 : 503, { ready: ok, ...checks });
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  });
  response.end(JSON.stringify(body));
}

async function within(milliseconds: number, readiness: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => resolve({ answer: { ok: false, late: true } }), milliseconds);
  });
  try {
    return await Promise.race([readiness, late]);
  } catch {
    return { answer: { ok: false } };
  } finally {
    clearTimeout(timer);
  }
}
