/** Where in a file a mutant is: not by its line, which moves with every edit above it. */

import ts from "typescript";

export interface Place {
  /** The innermost function or constant around it that has a name; empty at the top of the file. */
  readonly in: string;
  /** What is mutated, on one line. */
  readonly mutated: string;
  /** Which of those that look the same in there, counted from 1. */
  readonly nth: number;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

type PlaceOf = (start: Position, end: Position, replacement: string) => Place;

/** Tells the places of a file's mutants, one after the other as they stand in it. */
export function placeIn(source: string): PlaceOf {
  const tree = ts.createSourceFile("file.ts", source, ts.ScriptTarget.ESNext, true);
  const seen = new Map<string, number>();
  const offset = ({ line, column }: Position): number =>
    tree.getPositionOfLineAndCharacter(line - 1, column - 1);
  return (start, end, replacement) => {
    const mutated = inBrief(source.slice(offset(start), offset(end)));
    const around = nameAround(tree, offset(start), offset(end));
    const key = JSON.stringify([around, mutated, replacement]);
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return { in: around, mutated, nth };
  };
}

/** On one line, and not longer than one. */
export function inBrief(code: string): string {
  const line = code.replaceAll(/\s+/g, " ").trim();
  return line.length <= 90 ? line : `${line.slice(0, 50)} … ${line.slice(-30)}`;
}

/** A part of a name's own declaration is inside of it: the whole body of `replay` is in `replay`. */
function nameAround(tree: ts.SourceFile, from: number, to: number): string {
  let name = "";
  const visit = (node: ts.Node): void => {
    if (node.getStart(tree) > from || node.getEnd() < to) return;
    if (isNamed(node)) name = node.name.getText(tree);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return name;
}

function isNamed(node: ts.Node): node is (
  | ts.FunctionDeclaration
  | ts.MethodDeclaration
  | ts.VariableDeclaration
) & {
  readonly name: ts.Identifier;
} {
  const isOne =
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    (ts.isVariableDeclaration(node) &&
      node.initializer !== undefined &&
      (ts.isArrowFunction(node.initializer) || node.parent.parent.parent === node.getSourceFile()));
  return isOne && node.name !== undefined && ts.isIdentifier(node.name);
}
