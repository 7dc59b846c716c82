/**
 * `npm run build`: the WASM kernels from assembly (asc), as text in two modules of src; the index of the source that `deit explain` reads
 * (sourceIndex.mjs); then dist/ from src (tsc), and dist/benches from bench against it.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { dirname, join, normalize } from "node:path";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { sourceIndex } from "./sourceIndex.mjs";

function run(tool, ...args) {
  const { status, error } = spawnSync(`node_modules/.bin/${tool}`, args, { stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a tool several times at once. */
async function runSideBySide(tool, calls) {
  const processes = calls.map((args) => spawn(`node_modules/.bin/${tool}`, args, { stdio: "inherit" }));
  for (const [status] of await Promise.all(processes.map((process) => once(process, "exit")))) if (status !== 0) process.exit(status ?? 1);
}

const KERNELS = "src/engines/wasm/generated";
const SOURCES = "src/explain/generated";
const HEAD = "// Made by build.mjs from assembly/.\n";

/** Writes only what has changed, so that tools that watch rest. */
function write(folder, name, text) {
  mkdirSync(folder, { recursive: true });
  const path = `${folder}/${name}.ts`;
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {}
  writeFileSync(path, text);
}

/** Adds to `seen` a declaration file of dist/, and all that its import lines lead to. */
function followDeclarations(file, seen) {
  if (seen.has(file)) return;
  seen.add(file);
  const text = readFileSync(file, "utf8").replaceAll(/^\s*(?:\/\*)?\*.*$/gm, "");
  for (const [, to] of text.matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)"/gm))
    followDeclarations(join(dirname(file), to).replace(/\.[jt]s$/, ".d.ts"), seen);
}

/** Removes the declarations that no entry point of the package leads to: nobody could import them. */
function pruneDeclarations() {
  const used = new Set();
  for (const { types } of Object.values(JSON.parse(readFileSync("package.json", "utf8")).exports))
    followDeclarations(normalize(types), used);
  for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" }))
    if (/^(?!wasm\/|\.).*\.d\.ts$/.test(name) && !used.has(`dist/${name}`)) rmSync(`dist/${name}`);
}

const targets = ["release", "debug", "fma"];
await runSideBySide(
  "asc",
  targets.map((target) => ["--config", "asconfig.json", "--target", target]),
);
for (const target of targets) {
  const binary = readFileSync(`dist/wasm/${target}.wasm`).toString("base64");
  write(KERNELS, target, `${HEAD}export const binary: string =\n  "${binary}";\n`);
}

// what asc says of the kernels' types, as an interface
const functions = [...readFileSync("dist/wasm/release.d.ts", "utf8").matchAll(/export function (\w+)(\(.*\): \w+);/g)];
const members = functions.map(([, name, type]) => `  readonly ${name}: ${type.replace(/\): (\w+)$/, ") => $1")};\n`);
write(KERNELS, "exports", `${HEAD}export interface Exports {\n${members.join("")}}\n`);

write(SOURCES, "sources", sourceIndex());

// the comments go into the declarations, where editors show them, and not into the programs as well
await runSideBySide("tsc", [
  ["-p", "tsconfig.build.json", "--emitDeclarationOnly"],
  ["-p", "tsconfig.build.json", "--declaration", "false", "--isolatedDeclarations", "false", "--removeComments"],
]);
for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  const [, path] = /^(?!wasm\/|benches\/)(.+?)(?:\.d\.ts|\.js)$/.exec(name) ?? [];
  if (path !== undefined && !existsSync(`src/${path}.ts`)) rmSync(`dist/${name}`); // its source is gone, and it would be packed
}
rmSync("dist/benches", { recursive: true, force: true }); // the command line lists the folder, and would find benches that are gone
run("tsc", "-p", "bench/tsconfig.json");
pruneDeclarations();
chmodSync("dist/cli.js", 0o755); // npx runs it through a link
