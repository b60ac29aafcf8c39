/** Links that leave the repository: each is asked for once, a few at a time. */

import type { Document } from "./documents.ts";
import { linksIn } from "./documents.ts";

export interface LinkReport {
  readonly followed: number;
  /** Links that lead nowhere, one sentence each. */
  readonly dead: readonly string[];
  /** Links of which nobody can say: no network, no answer in time, a server that lets no program in. */
  readonly unknown: readonly string[];
}

export interface Following {
  /** Milliseconds for one answer. */
  readonly limit?: number;
  readonly atOnce?: number;
}

/** The addresses that documents link to, each with the first document that has it. */
export function externalLinks(documents: readonly Document[]): ReadonlyMap<string, string> {
  const found = documents.flatMap(({ name, text }) =>
    linksIn(text).flatMap((link) =>
      /^https?:/.test(link) && !isOwn(link) ? [[link.replace(/#.*/, ""), name] as const] : [],
    ),
  );
  return new Map(found.reverse());
}

/** To the page of the demo, on the reader's machine; document-rules.ts looks whether the place is there. */
function isOwn(link: string): boolean {
  return link.startsWith("http://localhost:");
}

/**
 * Follows the links. A host that is not found counts against the link only where other hosts are found:
 * else it is the network that is missing.
 */
export async function followLinks(
  links: ReadonlyMap<string, string>,
  { limit = 10_000, atOnce = 4 }: Following = {},
): Promise<LinkReport> {
  const waiting = [...links];
  const answers: (Answer & { readonly told: string })[] = [];
  const followOn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [link, document] = next;
      const answer = await ask(link, limit);
      answers.push({ ...answer, told: `${document}: ${link} ${answer.why}` });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, followOn));
  const isOnline = answers.some(({ state }) => state === "alive" || state === "dead");
  const isDead = ({ state }: Answer): boolean =>
    state === "dead" || (state === "no such host" && isOnline);
  const sorted = answers.toSorted((a, b) => (a.told < b.told ? -1 : 1));
  return {
    followed: answers.length,
    dead: sorted.filter(isDead).map(({ told }) => told),
    unknown: sorted
      .filter((answer) => answer.state !== "alive" && !isDead(answer))
      .map(({ told }) => told),
  };
}

interface Answer {
  readonly state: "alive" | "dead" | "no such host" | "unknown";
  readonly why: string;
}

/** By HEAD; by GET where the server knows no HEAD, or says by it that nothing is there. */
async function ask(link: string, limit: number): Promise<Answer> {
  try {
    const head = await request(link, "HEAD", limit);
    const status = head < 400 ? head : await request(link, "GET", limit);
    if (status < 400) return { state: "alive", why: `answers ${status}` };
    const isGone = status === 404 || status === 410;
    return { state: isGone ? "dead" : "unknown", why: `answers ${status}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (code === "ENOTFOUND") return { state: "no such host", why: "has a host that is not found" };
    const why = error instanceof Error && error.name === "TimeoutError" ? "gives no answer" : code;
    return { state: "unknown", why: why === "" ? String(cause) : why };
  }
}

async function request(link: string, method: "HEAD" | "GET", limit: number): Promise<number> {
  const { status, body } = await fetch(link, {
    method,
    redirect: "follow",
    signal: AbortSignal.timeout(limit),
    headers: { "user-agent": "event-sourcing-workshop (link check)" },
  });
  await body?.cancel();
  return status;
}
