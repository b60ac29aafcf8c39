/** Lines behind a label, in two columns, for a terminal of 80: `  given   a pending reservation`. */

/** Text is wrapped; the items of an array are lines of their own, each wrapped. */
export function labelled(label: string, text: string | readonly string[]): readonly string[] {
  const lines = (typeof text === "string" ? [text] : text).flatMap((line) => wrapped(line, 68));
  return lines.map((line, index) => `  ${(index === 0 ? label : "").padEnd(8)}${line}`.trimEnd());
}

/** The text in lines of at most `width` characters, save for a word that is longer. */
export function wrapped(text: string, width: number): readonly string[] {
  const most = Math.max(20, width);
  // What begins with spaces is laid out already, and stays so.
  if (text.startsWith(" ") || text.length <= most) return [text];
  return text.match(new RegExp(`\\S.{0,${most - 1}}(?=\\s|$)|\\S+`, "g")) ?? [text];
}
