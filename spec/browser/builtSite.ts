/** The site as `npm run docs:build` has built it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isolation } from "./example.ts";
import { serve, type Site } from "./site.ts";

const SITE = "docs/.vitepress/dist";

/** Serves it to pages that are isolated. */
export function serveBuiltSite(): Promise<Site> {
  const names = readdirSync(SITE, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(SITE, name)).isFile());
  return serve(new Map(names.map((name) => [name, readFileSync(join(SITE, name))])), isolation);
}
