/**
 * Stryker's part that leaves prose out: the sentence in an error is for people, and no test looks at it
 * (a test looks at an error's class and its fields). JavaScript, because Stryker loads it by itself.
 */

/**
 * @typedef {{ readonly type: string, readonly value?: unknown, readonly callee?: { readonly type: string, readonly name?: string },
 *   readonly quasis?: readonly { readonly value: { readonly raw: string } }[] }} SyntaxNode
 * @typedef {{ readonly node: SyntaxNode, findParent(test: (path: SyntaxPath) => boolean): SyntaxPath | null }} SyntaxPath
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
  // What is made anew and given a sentence is an error, and so is what a class hands on to `Error`; but
  // what stands in a function that is handed over, as to a new Promise, is that function's.
  const around = path.findParent(({ node }) => isError(node) || /Function|Method/.test(node.type));
  return around && isError(around.node) ? "the sentence in an error" : undefined;
}

/**
 * `refuse` of shared/api makes an error of its sentence.
 *
 * @param {SyntaxNode} node
 */
function isError({ type, callee }) {
  if (type === "NewExpression") return true;
  return type === "CallExpression" && (callee?.type === "Super" || callee?.name === "refuse");
}
