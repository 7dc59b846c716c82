/**
 * Makes the index that `deit explain` reads: the line on which each op, function, loop and check row is defined, and the numbered formulas of
 * docs/deit.md. `npm run build` writes it to src/explain/generated/sources.ts, so that no line number is maintained by hand.
 */
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";

/** The folders in which ops and routines are defined. */
const OPS = ["src/ops", "src/losses", "src/model", "src/teacher", "src/train/mixing", "src/train/optimizer"];
/** The folders whose sources name the functions and rows to be indexed. */
const EXPLAIN = ["src/explain", "src/explain/operations"];
const ROWS = ["src/laws/rows", "src/laws/identities"];
const SUBJECTS = ["src/laws/cases/subjects"];

const filesOf = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .toSorted()
    .map((name) => `${folder}/${name}`);

const parsed = new Map();
function sourceOf(path) {
  const known = parsed.get(path) ?? ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  parsed.set(path, known);
  return known;
}

const lineOf = (node) => {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
};

/** Visits a node and all its descendants. */
function walk(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

const calleeOf = (node) => (ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : null);

const propertyOf = (object, name) => object.properties.find((property) => property.name?.getText() === name);

/** The string literal that a property has as its value; null if it has none. */
function literalOf(object, name) {
  const property = propertyOf(object, name);
  return property !== undefined && ts.isPropertyAssignment(property) && ts.isStringLiteral(property.initializer)
    ? property.initializer
    : null;
}

/** The function declared under this name in the innermost scope around a node. */
function functionNamed(name, node) {
  for (let scope = node.parent; scope !== undefined; scope = scope.parent) {
    const found = scope.statements?.find((statement) => ts.isFunctionDeclaration(statement) && statement.name?.text === name);
    if (found !== undefined) return found;
  }
  return null;
}

/** The line of `forward`, `vjp` or `run` of an op's definition; null if it has none. */
function bodyLine(definition, name) {
  const property = propertyOf(definition, name);
  if (property === undefined) return null;
  const body = ts.isShorthandPropertyAssignment(property) ? functionNamed(name, definition) : property;
  return body === null ? null : lineOf(body);
}

/** The names of a definition: its own, or those that the calls of the enclosing function pass as their first argument. */
function namesOf(definition) {
  const own = literalOf(definition, "name");
  if (own !== null) return [own.text];
  let around = definition.parent;
  while (around !== undefined && !ts.isFunctionDeclaration(around)) around = around.parent;
  const names = [];
  if (around !== undefined)
    walk(definition.getSourceFile(), (node) => {
      if (calleeOf(node) === around.name?.text && ts.isStringLiteral(node.arguments[0])) names.push(node.arguments[0].text);
    });
  return names;
}

/** A comment's text without the stars; indentation is kept. */
const plain = (comment) =>
  comment
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^ \* ?/, "").trimEnd())
    .join("\n")
    .trim();

/** The comment at the head of a file. */
const headOf = (source) => plain(/^\/\*\*[^]*?\*\//.exec(source.text)?.[0] ?? "");

/** The first sentence of a comment, or its beginning up to the first colon. */
const titleIn = (comment) => /^[^]*?(?=[.:;](?:\s|$)|$)/.exec(comment.replaceAll(/\s*\([^)]*\)/g, ""))[0].replaceAll(/\s+/g, " ");

/** A comment without its first paragraph, if that is no more than the title. */
function withoutTitle(comment) {
  const [first, ...rest] = comment.split("\n\n");
  return rest.length > 0 && first === `${titleIn(comment)}.` ? rest.join("\n\n") : comment;
}

/**
 * Ops and routines: the lines of forward and vjp, and the formulas that the comment at the head of the file cites. If that comment cites no
 * equation, it is indexed itself.
 */
function opsIndex() {
  const [ops, comments] = [{}, {}];
  for (const path of OPS.flatMap(filesOf)) {
    const source = sourceOf(path);
    const head = headOf(source);
    const cited = [...new Set([...head.matchAll(/\(([EG]\d+)\)/g)].map(([, id]) => id))];
    walk(source, (node) => {
      const kind = calleeOf(node);
      const [definition] = kind === "defineOp" || kind === "defineRoutine" ? node.arguments : [];
      if (definition === undefined || !ts.isObjectLiteralExpression(definition)) return;
      for (const name of namesOf(definition)) {
        if (ops[name] !== undefined) continue; // `unscale` names two routines: for one parameter, then for all
        ops[name] = [
          path,
          bodyLine(definition, kind === "defineOp" ? "forward" : "run"),
          bodyLine(definition, "vjp"),
          cited,
          titleIn(head),
        ];
        if (!/^\s*\(E\d+\)/m.test(head)) comments[name] = withoutTitle(head);
      }
    });
  }
  return { ops, comments };
}

/** The lines of a file's top-level functions, by name. */
function functionsOf(path) {
  const lines = new Map();
  for (const statement of sourceOf(path).statements) {
    if (ts.isFunctionDeclaration(statement)) lines.set(statement.name.text, lineOf(statement));
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations)
      if (initializer !== undefined && ts.isArrowFunction(initializer)) lines.set(name.getText(), lineOf(statement));
  }
  return lines;
}

/** The line of each function that src/explain names as `"laws/loops/linear.ts linear"`. */
function functionsIndex(texts) {
  const functions = {};
  for (const [, path, name] of texts.matchAll(/"([\w/]+\.ts) (\w+)"/g)) {
    const line = functionsOf(`src/${path}`).get(name);
    if (line === undefined) throw new Error(`src/explain names ${name} in src/${path}, where there is no such function`);
    functions[`${path} ${name}`] = line;
  }
  return functions;
}

/** The id and the title of the row that a call or a record defines; null if it defines none. */
function rowAt(node) {
  const [id, title] = ts.isCallExpression(node)
    ? node.arguments
    : ts.isObjectLiteralExpression(node)
      ? [literalOf(node, "id"), literalOf(node, "title")]
      : [];
  const isText = (part) => part !== undefined && part !== null && ts.isStringLiteral(part);
  return isText(id) && isText(title) && /^(?:[EG]\d+|identity\/.+)$/.test(id.text) ? { id, title } : null;
}

/** Check rows by id: the numbered ones, and those that src/explain names. Parts of a row that repeat its id come before it or inside it. */
function rowsIndex(texts) {
  const rows = {};
  const isWanted = ({ id: { text } }) => !text.includes("/") || texts.includes(`"${text}"`);
  const look = (node) => {
    const row = rowAt(node);
    if (row !== null && isWanted(row)) rows[row.id.text] = [node.getSourceFile().fileName, lineOf(row.id), row.title.text];
    if (row === null) ts.forEachChild(node, look);
  };
  for (const path of ROWS.flatMap(filesOf)) look(sourceOf(path));
  return rows;
}

/** The op that an expression names: `linear`, `trained.convNorm`, `encoderOf(block)`. */
function namedBy(expression) {
  if (ts.isCallExpression(expression)) return namedBy(expression.expression).replace(/Of$/, "");
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

/** The subjects that row `op/NAME` checks the laws on, by the op's name. */
function subjectsIndex() {
  const [subjects, renamed] = [{}, { block: "regnetBlock", stage: "regnetStage", regnetTrain: "regnet", regnetLogits: "regnet" }];
  for (const path of SUBJECTS.flatMap(filesOf))
    walk(sourceOf(path), (node) => {
      const kind = calleeOf(node);
      if ((kind !== "subjectOf" && kind !== "withoutStats") || !ts.isArrayLiteralExpression(node.parent)) return;
      const name = namedBy(node.arguments[0]);
      const key = path.endsWith("teacher.ts") ? (renamed[name] ?? name) : name;
      subjects[key] ??= [path, lineOf(node)];
    });
  return subjects;
}

/** The numbered formulas of docs/deit.md: those in code blocks, each up to the next one or the end of the block, and those inside sentences. */
function formulasIndex() {
  const formulas = {};
  let [isBlock, id] = [false, null];
  for (const line of readFileSync("docs/deit.md", "utf8").split("\n")) {
    if (line.startsWith("```")) [isBlock, id] = [!isBlock, null];
    else if (line.trim() === "") id = null;
    else {
      const [, next, text = ""] = /^\(([EG]\d+)\)(.*)$/.exec(line) ?? [];
      const [, inline] = isBlock ? [] : (/^\s*`([^`]+)`/.exec(text) ?? []);
      if (next !== undefined) id = isBlock ? next : null;
      if (next !== undefined && (isBlock || inline !== undefined)) formulas[next] ??= [inline ?? text];
      else if (id !== null) formulas[id].push(line);
    }
  }
  return Object.fromEntries(Object.entries(formulas).map(([key, lines]) => [key, undented(lines)]));
}

/** The lines of a formula without its number and without their common indentation. */
function undented([first, ...rest]) {
  const indents = rest.map((line) => /^ */.exec(line)[0].length);
  const shared = Math.min(...indents);
  return [first.trim(), ...rest.map((line) => (shared > 0 ? "  " : "") + line.slice(shared).trimEnd())].join("\n");
}

/** The text of the generated module. */
export function sourceIndex() {
  const texts = EXPLAIN.flatMap(filesOf)
    .map((path) => readFileSync(path, "utf8"))
    .join("");
  const index = {
    ...opsIndex(),
    functions: functionsIndex(texts),
    rows: rowsIndex(texts),
    subjects: subjectsIndex(),
    formulas: formulasIndex(),
  };
  const type = `{
  readonly ops: { readonly [name: string]: readonly [file: string, forward: number, vjp: number | null, cited: readonly string[], title: string] };
  readonly comments: { readonly [op: string]: string };
  readonly functions: { readonly [fileAndName: string]: number };
  readonly rows: { readonly [id: string]: readonly [file: string, line: number, title: string] };
  readonly subjects: { readonly [op: string]: readonly [file: string, line: number] };
  readonly formulas: { readonly [id: string]: string };
}`;
  return `// Made by build.mjs from src/ and docs/deit.md.\nexport const sources: ${type} = ${JSON.stringify(index)};\n`;
}
