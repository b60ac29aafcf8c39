/** Server addresses as people may see them. */

/** `postgres://user@host:5432/database`, without password and parameters. */
export function withoutPassword(url: string): string {
  if (!isAddress(url)) return "(not a URL)";
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}`;
}

/**
 * Whether the text is a URL with no `@` behind its host. A password with a bare `/`, `?` or `#` in it
 * makes another URL of it, in which the rest of the password is no secret any more.
 */
export function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { pathname, search, hash } = new URL(text);
  return !`${pathname}${search}${hash}`.includes("@");
}

/** The reason of a failed connection in one line, with anything secret in `url` taken out. */
export function reasonOf(error: unknown, url: string): string {
  let text = messageOf(error).split("\n", 1)[0] ?? "";
  for (const secret of secretsIn(url)) text = text.replaceAll(secret, "***");
  return text;
}

function messageOf(error: unknown): string {
  // Node reports a refused connection to several addresses as an AggregateError without a message.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(", ");
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}

function secretsIn(url: string): readonly string[] {
  if (!isAddress(url)) return url === "" ? [] : [url];
  const { password, searchParams } = new URL(url);
  const written = [password, searchParams.get("password") ?? ""];
  return [...written, ...written.map(decoded)].filter((secret) => secret !== "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
