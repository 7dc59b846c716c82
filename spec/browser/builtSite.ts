/** The site as `npm run docs:build` has built it. */
import { isolation } from "./example.ts";
import { filesIn, serve, type Site } from "./site.ts";

/** Serves it to pages that are isolated. */
export const serveBuiltSite = (): Promise<Site> => serve(filesIn("docs/.vitepress/dist"), isolation);
