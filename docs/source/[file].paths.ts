/** A page for each file of the source to which pages link. */
import { sourceFiles, sourcePath } from "../.vitepress/markdown/sourceFiles.ts";

/** A page, as VitePress takes it. */
interface SourcePage {
  readonly params: { readonly file: string };
  readonly content: string;
}

export default {
  paths: (): readonly SourcePage[] =>
    sourceFiles().map((file) => ({
      params: { file: sourcePath(file).slice("/source/".length) },
      content: `# ${file}\n\n<SourceFile of="${file}" />\n`,
    })),
};
