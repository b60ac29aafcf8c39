/**
 * The TypeScript compiler over one step, in a process of its own: each message asks for the errors in
 * the step's files as they are now. What has not changed since the last question is not read again.
 *
 * JavaScript, loaded by `require`: each is a second less for the learner who waits.
 *
 * @import TypeScript from "typescript"
 * @import { TypeFault } from "./type-errors.ts"
 */

import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";

/** @type {typeof TypeScript} */
const ts = createRequire(import.meta.url)("typescript");
const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "steps", process.argv[2] ?? "");
const options = readOptions();
const host = cachingHost(options);
/** @type {TypeScript.Program | undefined} */
let program;

process.on("message", (asked) => process.send?.({ answers: asked, faults: check() }));
process.on("disconnect", () => process.exit());

/** @returns {readonly TypeFault[]} */
function check() {
  const rootNames = readdirSync(folder)
    // The tests are given; what is wrong with a call of theirs, they say themselves.
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
  program = ts.createProgram({ rootNames, options, host, ...(program && { oldProgram: program }) });
  const { getSyntacticDiagnostics, getSemanticDiagnostics } = program;
  const own = program
    .getSourceFiles()
    .filter(({ fileName }) => rootNames.includes(nativePath(fileName)));
  return own
    .flatMap((file) => {
      const syntax = getSyntacticDiagnostics(file);
      return syntax.length > 0 ? syntax : getSemanticDiagnostics(file);
    })
    .map(faultOf);
}

/**
 * @param {TypeScript.Diagnostic} diagnostic
 * @returns {TypeFault}
 */
function faultOf({ file, start = 0, messageText }) {
  const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 1;
  const name = file ? relative(root, nativePath(file.fileName)).split(sep).join("/") : "";
  return { place: `${name}:${line}`, message: ts.flattenDiagnosticMessageText(messageText, "\n") };
}

/** @returns {TypeScript.CompilerOptions} */
function readOptions() {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root)
    .options;
}

/**
 * Keeps the files that it has read for as long as they do not change.
 *
 * @param {TypeScript.CompilerOptions} compilerOptions
 * @returns {TypeScript.CompilerHost}
 */
function cachingHost(compilerOptions) {
  const plain = ts.createCompilerHost(compilerOptions);
  /** @type {Map<string, { readonly stamp: string, readonly file: TypeScript.SourceFile }>} */
  const kept = new Map();
  return {
    ...plain,
    getSourceFile(name, languageVersion, onError) {
      const stats = statSync(name, { throwIfNoEntry: false });
      const stamp = `${stats?.mtimeMs} ${stats?.size}`;
      const known = kept.get(name);
      if (known?.stamp === stamp) return known.file;
      const file = plain.getSourceFile(name, languageVersion, onError);
      if (file) kept.set(name, { stamp, file });
      return file;
    },
  };
}

/** @param {string} fileName */
function nativePath(fileName) {
  return fileName.split("/").join(sep);
}
