/** The pages of the API, one for each entry point of the package, which typedoc makes of the types and comments of the source. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application, Converter, DeclarationReflection, ReflectionKind, type Context } from "typedoc";
import { readSource } from "../markdown/snippet.ts";
import { sourceFiles, sourcePath } from "../markdown/sourceFiles.ts";
import { entryPoints, type EntryPoint } from "./entryPoints.ts";

const root = join(import.meta.dirname, "../../..");

/** Where an entry of the API is defined, until it becomes a link. */
const PLACE = /\[[^[\]\n]*\]\(source:([\w/.-]+)#L(\d+)\)/g;

/** typedoc's options, those of its plugin for markdown included. */
const options = {
  tsconfig: join(root, "tsconfig.build.json"),
  plugin: ["typedoc-plugin-markdown"],
  router: "module",
  readme: "none",
  skipErrorChecking: true,
  disableGit: true,
  sourceLinkTemplate: "source:{path}#L{line}",
  logLevel: "Error",
  hideBreadcrumbs: true,
  hidePageHeader: true,
  hidePageTitle: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeDeclarationFormat: "table",
  useCodeBlocks: true,
  sanitizeComments: true,
} as const;

/** Removes what classes inherit from `Error`: every error has it. */
function removeInherited({ project }: Context): void {
  for (const one of Object.values(project.reflections))
    if (one instanceof DeclarationReflection && one.flags.isExternal && one.parent?.kindOf(ReflectionKind.Class) === true)
      project.removeReflection(one);
}

/** What typedoc writes of each entry point. */
async function written(points: readonly EntryPoint[]): Promise<ReadonlyMap<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "deit-api-"));
  try {
    const app = await Application.bootstrapWithPlugins({
      ...options,
      plugin: [...options.plugin],
      entryPoints: points.map(({ name }) => join(root, `src/${name}.ts`)),
      outputs: [{ name: "markdown", path: folder }],
    });
    app.converter.on(Converter.EVENT_RESOLVE_BEGIN, removeInherited);
    const project = await app.convert();
    if (project === undefined) throw new Error("typedoc: the source has errors");
    await app.generateOutputs(project);
    return new Map(points.map(({ name }) => [name, readFileSync(join(folder, `${name}.md`), "utf8")]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The places as links where the file has a page, and names that a reader understands. */
function mended(text: string, withPage: ReadonlySet<string>): string {
  return text
    .replaceAll(PLACE, (_, path: string, line: string) => {
      const file = `src/${path}`;
      return withPage.has(file) ? `[${file}:${line}](${sourcePath(file, Number(line))})` : `${file}:${line}`;
    })
    .replaceAll("__namedParameters", "{…}") // an argument that is taken apart has no name
    .replaceAll(/^(\[[^\]\n]*\]):/gm, String.raw`\$1:`) // a shape, not the target of a link
    .replaceAll(/(?<=\| )`undefined`(?= \|)/g, "");
}

/** What an entry point is for: the first paragraph of its file's first comment, without its name. */
function purposeOf({ name }: EntryPoint): string {
  const comment = /^\/\*\*\s(.*?)(?:\n \*\n|\s*\*\/)/s.exec(readSource(`src/${name}.ts`))?.[1] ?? "";
  const text = comment.replaceAll(/\s*\n? \* /g, " ").replace(/^ *Entry point `[\w/]+`: /, "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The page of each entry point, by its name. */
export async function apiPages(): Promise<ReadonlyMap<string, string>> {
  const points = entryPoints();
  const texts = await written(points);
  const withPage = new Set(sourceFiles());
  return new Map(
    points.map((point) => {
      const { name, specifier } = point;
      return [name, `# ${specifier}\n\n${purposeOf(point)}\n\n${mended(texts.get(name) ?? "", withPage)}`];
    }),
  );
}
