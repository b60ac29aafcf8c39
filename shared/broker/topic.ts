/** Routing patterns of topic exchanges: `*` is one word, `#` any number of words. */

export function matchesTopic(pattern: string, routingKey: string): boolean {
  const words = wordsOf(routingKey);
  // After each word of the pattern: which lengths of the key it can have consumed. Linear in both, so that
  // a pattern of many `#` costs no more than its length.
  let reached = new Set([0]);
  for (const part of wordsOf(pattern)) {
    const next = new Set<number>();
    if (part === "#") {
      const first = Math.min(...reached);
      for (let length = first; length <= words.length; length += 1) next.add(length);
    } else {
      for (const length of reached) {
        const word = words[length];
        if (word !== undefined && (part === "*" || part === word)) next.add(length + 1);
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(words.length);
}

/** The empty key has no words. */
function wordsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(".");
}
