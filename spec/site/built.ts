/** Builds the site as `npm run docs:build` does, below a path, and serves it. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { filesIn, serve, type SentHeaders } from "../browser/site.ts";

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

/** A served site. */
export interface Served {
  /** Its address with the base, which ends in a slash. */
  readonly url: string;
  readonly close: () => void;
}

/** Serves the built site, all files with these headers. */
export async function served(headers: SentHeaders): Promise<Served> {
  const { url, close } = await serve(filesIn(site, BASE.slice(1)), headers);
  return { url: new URL(BASE, url).href, close };
}
