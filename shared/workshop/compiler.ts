/**
 * The TypeScript compiler over one step, in a process of its own: each message asks for the errors in
 * the step's files as they are now. What has not changed since the last question is not read again.
 */

import { readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import ts from "typescript";
import { root } from "./steps.ts";
import type { TypeFault } from "./type-errors.ts";

const folder = join(root, "steps", process.argv[2] ?? "");
const options = readOptions();
const host = cachingHost(options);
let program: ts.Program | undefined;

process.on("message", (asked: number) => process.send?.({ answers: asked, faults: check() }));
process.on("disconnect", () => process.exit());

function check(): readonly TypeFault[] {
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

function faultOf({ file, start = 0, messageText }: ts.Diagnostic): TypeFault {
  const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 1;
  const name = file ? relative(root, nativePath(file.fileName)).split(sep).join("/") : "";
  return { place: `${name}:${line}`, message: ts.flattenDiagnosticMessageText(messageText, "\n") };
}

function readOptions(): ts.CompilerOptions {
  const file = join(root, "tsconfig.json");
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root)
    .options;
}

/** Keeps the files that it has read for as long as they do not change. */
function cachingHost(compilerOptions: ts.CompilerOptions): ts.CompilerHost {
  const plain = ts.createCompilerHost(compilerOptions);
  const kept = new Map<string, { readonly stamp: string; readonly file: ts.SourceFile }>();
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

function nativePath(fileName: string): string {
  return fileName.split("/").join(sep);
}
