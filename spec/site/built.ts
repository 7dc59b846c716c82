/** Builds the site as `npm run docs:build` does, below a path, and serves it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { SentHeaders } from "../browser/site.ts";

const root = join(import.meta.dirname, "../..");

/** The path that the site is built for, since a host may serve it below one. */
export const BASE = "/below/";

/** One folder for all specs of a run, whose processes inherit its name. */
const folder = (process.env["DEIT_SITE"] ??= join(root, `dist/.site-${process.pid}`));
const done = join(folder, "done");
export const site: string = join(folder, "site");

/**
 * Starts to build the site, and notes what the build says if it fails.
 *
 * @returns ends the build
 */
export function startBuild(): () => void {
  const earlier = readdirSync(join(root, "dist")).filter((name) => name.startsWith(".site-"));
  for (const name of earlier) rmSync(join(root, "dist", name), { recursive: true });
  mkdirSync(folder);
  const { NODE_ENV: _, ...env } = process.env; // vitest's own would make a development build
  const args = ["node_modules/vitepress/bin/vitepress.js", "build", "docs", "--base", BASE, "--outDir", site];
  const run = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [run.stdout, run.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
  run.on("exit", (status) => writeFileSync(done, status === 0 ? "" : `the site is not built:\n${said}`));
  return () => void run.kill();
}

const POLL_MS = 200;

/**
 * Waits until the site is built.
 *
 * @throws Error with what the build says if it fails
 */
export async function builtSite(): Promise<void> {
  while (!existsSync(done)) await setTimeout(POLL_MS);
  const failure = readFileSync(done, "utf8");
  if (failure !== "") throw new Error(failure);
}

/** Every page of the built site, as `learn/patches.html`. */
export const builtPages = (): readonly string[] =>
  readdirSync(site, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html"))
    .map((name) => relative("", name));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** A served site. */
export interface Served {
  /** Its address with the base, which ends in a slash. */
  readonly url: string;
  readonly close: () => void;
}

/** Serves the built site, all files with these headers. */
export async function served(headers: SentHeaders): Promise<Served> {
  const server = createServer(({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = join(site, decodeURI(pathname.slice(BASE.length - 1)));
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, "index.html") : path;
    const isThere = pathname.startsWith(BASE) && existsSync(file);
    response.writeHead(isThere ? 200 : 404, { "Content-Type": types[extname(file)] ?? "application/octet-stream", ...headers });
    response.end(isThere ? readFileSync(file) : "");
  });
  await once(server.listen(0, "localhost"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("served: no port");
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://localhost:${address.port}${BASE}`, close };
}
