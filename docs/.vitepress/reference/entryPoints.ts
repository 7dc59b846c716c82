/** The entry points of the package, as package.json has them. */
import { basename } from "node:path";
import { readSource } from "../markdown/snippet.ts";

/** An entry point. */
export interface EntryPoint {
  /** The name of its page, and of its file in src: `index`, `check`. */
  readonly name: string;
  /** What a program imports: `deit`, `deit/check`. */
  readonly specifier: string;
}

/** All of them, in their order. */
export function entryPoints(): readonly EntryPoint[] {
  const { exports }: { readonly exports: Readonly<Record<string, { readonly types: string }>> } = JSON.parse(readSource("package.json"));
  return Object.entries(exports).map(([path, { types }]) => ({ name: basename(types, ".d.ts"), specifier: path.replace(".", "deit") }));
}

/** The path of an entry point's page. */
export const apiPath = (name: string): string => `/reference/api/${name === "index" ? "" : name}`;
