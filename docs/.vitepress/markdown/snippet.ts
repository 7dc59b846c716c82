/** Takes the lines of a definition from the source, so that no page holds a copy of code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { equations } from "../../../src/explain/equations.ts";
import { functionPlace, opPlaces, type SourceLocation } from "../../../src/explain/locations.ts";

const root = join(import.meta.dirname, "../../..");

/** Lines of a file. */
export interface Snippet {
  /** Relative to the root of the repository. */
  readonly file: string;
  /** The first of its lines, from 1. */
  readonly line: number;
  /** Without the indentation that all lines share. */
  readonly code: string;
}

const parsed = new Map<string, ts.SourceFile>();

/** The text of a file of the repository. */
export const readSource = (file: string): string => readFileSync(join(root, file), "utf8");

function sourceOf(file: string): ts.SourceFile {
  const known = parsed.get(file) ?? ts.createSourceFile(file, readSource(file), ts.ScriptTarget.Latest, true);
  parsed.set(file, known);
  return known;
}

/** The outermost definition that starts on a line. */
function definitionAt(source: ts.SourceFile, line: number): ts.Node | null {
  let found: ts.Node | null = null;
  const visit = (node: ts.Node): void => {
    if (found !== null) return;
    const isDefinition =
      ts.isFunctionDeclaration(node) || ts.isVariableStatement(node) || ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node);
    if (isDefinition && source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 === line) found = node;
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Moves a comment at the end of a line to its code: in the file it may be aligned with others, but boxes are narrow. */
const withoutAlignment = (line: string): string => line.replace(/(?<=\S) {2,}(?=\/\/)/, "  ");

function unindented(text: string): string {
  const lines = text.split("\n");
  const indents = lines.slice(1).filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length); // prettier-ignore
  const shared = Math.min(...indents, Infinity);
  return lines.map((line, i) => withoutAlignment(i === 0 || !Number.isFinite(shared) ? line : line.slice(shared))).join("\n");
}

/** @throws Error where no definition starts there */
export function snippetAt({ file, line }: SourceLocation): Snippet {
  const source = sourceOf(file);
  const node = definitionAt(source, line);
  if (node === null) throw new Error(`${file}:${line}: no definition starts here`);
  return { file, line, code: unindented(node.getText(source)) };
}

const declares = (statement: ts.Statement, name: string): boolean =>
  ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name)
    : (ts.isFunctionDeclaration(statement) || ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) &&
      statement.name?.text === name;

/**
 * A top-level function, constant or type, given as `ops/dropPath.ts dropPathRates`: a file under src, and a name.
 *
 * @throws Error if the file has none of that name
 */
export function definitionNamed(fileAndName: string): Snippet {
  const [path = "", name = ""] = fileAndName.split(" ");
  const file = `src/${path}`;
  const source = sourceOf(file);
  const statement = source.statements.find((one) => declares(one, name));
  if (statement === undefined) throw new Error(`${file} defines no ${name}`);
  const line = source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1;
  return { file, line, code: unindented(statement.getText(source)) };
}

/** The lines that compute a numbered formula: those of its forward, or of its VJP for a gradient. @throws Error for an unknown number */
export function snippetOf(id: string): Snippet {
  const { op, by } = equations.get(id) ?? {};
  const ofOp = op === undefined ? null : opPlaces(op);
  const at = by !== undefined ? functionPlace(by) : id.startsWith("G") ? ofOp?.vjp : ofOp?.forward;
  if (at === undefined || at === null) throw new Error(`(${id}): no such formula in src/explain/equations.ts`);
  return snippetAt(at);
}
