/** What an editor shows: a description of everything reachable from the package's entry points, and completions of names. */
import { join } from "node:path";
import typescript from "typescript";
import { expect, it } from "vitest";
import { manifest, root } from "./packed.ts";

const { ModuleKind, ModuleResolutionKind, ScriptTarget, SymbolFlags } = typescript;
const compilerOptions: typescript.CompilerOptions = {
  module: ModuleKind.NodeNext,
  moduleResolution: ModuleResolutionKind.NodeNext,
  target: ScriptTarget.ES2023,
  strict: true,
  types: [],
};
const entries = Object.values(manifest.exports).map(({ types }) => join(root, types));

/** Whether a node is in a type literal that is an argument or part of one (`Extract<T, { kind: "x" }>`), which its owner documents. */
const isOwners = (node: typescript.Node): boolean => {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (typescript.isParameter(at) || typescript.isTypeParameterDeclaration(at)) return true;
    if (typescript.isTypeReferenceNode(at) && at.typeName.getText() === "Extract") return true;
  }
  return false;
};

/** The name in a type reference. */
function nameIn(node: typescript.Node): typescript.Node | undefined {
  if (typescript.isTypeReferenceNode(node)) return node.typeName;
  if (typescript.isExpressionWithTypeArguments(node)) return node.expression;
  return typescript.isImportTypeNode(node) ? node.qualifier : undefined;
}

/** `FILE: OWNER.MEMBER` of everything without a description. */
function undocumented(
  program: typescript.Program,
  files: readonly string[],
): { readonly missing: readonly string[]; readonly seen: number } {
  const checker = program.getTypeChecker();
  const seen = new Set<typescript.Symbol>();
  const missing: string[] = [];
  const own = (symbol: typescript.Symbol): readonly typescript.Declaration[] =>
    (symbol.declarations ?? []).filter((node) => !node.getSourceFile().fileName.includes("/node_modules/"));

  function look(symbol: typescript.Symbol, label: string): void {
    seen.add(symbol);
    const documented = symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0;
    if (!documented)
      missing.push(
        `${own(symbol)[0]
          ?.getSourceFile()
          .fileName.slice(root.length + 1)}: ${label}`,
      );
  }
  function visit(found: typescript.Symbol): void {
    const symbol = found.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
    const declarations = own(symbol);
    if (seen.has(symbol) || declarations.length === 0 || symbol.flags & SymbolFlags.TypeParameter) return;
    look(symbol, symbol.name);
    for (const declaration of declarations) typescript.forEachChild(declaration, (node) => walk(node, symbol.name));
  }
  function walk(node: typescript.Node, owner: string): void {
    const name = nameIn(node);
    const named = name === undefined ? undefined : checker.getSymbolAtLocation(name);
    if (named !== undefined) visit(named);
    if (
      (typescript.isPropertySignature(node) || typescript.isMethodSignature(node) || typescript.isPropertyDeclaration(node)) &&
      !isOwners(node)
    ) {
      const symbol = checker.getSymbolAtLocation(node.name);
      const hidden = typescript.isPrivateIdentifier(node.name);
      if (symbol !== undefined && !hidden && !seen.has(symbol)) look(symbol, `${owner}.${symbol.name}`);
    }
    typescript.forEachChild(node, (child) => walk(child, owner));
  }

  for (const file of files) {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} exports nothing`);
    for (const symbol of checker.getExportsOfModule(module)) visit(symbol);
  }
  return { missing, seen: seen.size };
}

/** A user's file, which exists only in this spec. */
const file = join(root, "dist/editor.ts");
const text = 'import { deitConfig, regnetConfig } from "./index.js";\ndeitConfig("");\nregnetConfig("");\nexport const bare = 1;\n';
const service = typescript.createLanguageService({
  getCompilationSettings: () => compilerOptions,
  getCurrentDirectory: () => root,
  getDefaultLibFileName: typescript.getDefaultLibFilePath,
  getScriptFileNames: () => [file, ...entries],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) => {
    const content = name === file ? text : typescript.sys.readFile(name);
    return content === undefined ? undefined : typescript.ScriptSnapshot.fromString(content);
  },
  fileExists: (name) => name === file || typescript.sys.fileExists(name),
  readFile: (name) => typescript.sys.readFile(name),
});
const program = service.getProgram();
if (program === undefined) throw new Error("the compiler makes no program");

it("everything that the entry points export or refer to has a description", () => {
  const { missing, seen } = undocumented(program, entries);
  expect(missing).toEqual([]);
  expect(seen).toBeGreaterThan(1000);
});

it("a missing description is found", () => {
  expect(undocumented(program, [file]).missing).toEqual(["dist/editor.ts: bare"]);
});

const completed = (after: string): readonly string[] =>
  (service.getCompletionsAtPosition(file, text.indexOf(after) + after.length, {})?.entries ?? []).map(({ name }) => name);

it("deitConfig and regnetConfig complete the names of the published models", () => {
  expect(completed('deitConfig("')).toEqual(
    expect.arrayContaining(["deit-tiny", "deit-base-distilled", "deit_small_distilled_patch16_224"]),
  );
  expect(completed('regnetConfig("')).toEqual(expect.arrayContaining(["regnety-16gf", "regnety_160"]));
});
