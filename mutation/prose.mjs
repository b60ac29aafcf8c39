/**
 * Stryker's part that leaves prose out: the sentence in an error is for people, and no test looks at it
 * (a test looks at an error's class and its fields). JavaScript, because Stryker loads it by itself.
 */

/**
 * @typedef {{ readonly node: { readonly type: string, readonly value?: unknown,
 *   readonly quasis?: readonly { readonly value: { readonly raw: string } }[] },
 *   findParent(test: (path: SyntaxPath) => boolean): SyntaxPath | null }} SyntaxPath
 */

export const strykerPlugins = [{ kind: "Ignore", name: "prose", value: { shouldIgnore } }];

/**
 * The reason to leave it out, or undefined where it is mutated.
 *
 * @param {SyntaxPath} path
 */
function shouldIgnore(path) {
  const { type, value, quasis = [] } = path.node;
  const text =
    type === "TemplateLiteral" ? quasis.map((quasi) => quasi.value.raw).join("x") : value;
  if (typeof text !== "string" || !text.includes(" ")) return undefined;
  // What is made anew and given a sentence is an error.
  return path.findParent((parent) => parent.node.type === "NewExpression")
    ? "the sentence in an error"
    : undefined;
}
