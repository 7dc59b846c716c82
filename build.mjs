/**
 * `npm run build`: compiles the WASM kernels from assembly (asc) and stores them as text in modules of src; makes the index of the source that
 * `deit explain` reads (sourceIndex.mjs); then compiles src to dist/ (tsc), and bench to dist/benches.
 */
import { deflateRawSync } from "node:zlib";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { dirname, join, normalize } from "node:path";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { sourceIndex } from "./sourceIndex.mjs";

function run(tool, ...args) {
  const { status, error } = spawnSync(`node_modules/.bin/${tool}`, args, { stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a tool several times in parallel. */
async function runInParallel(tool, calls) {
  const processes = calls.map((args) => spawn(`node_modules/.bin/${tool}`, args, { stdio: "inherit" }));
  for (const [status] of await Promise.all(processes.map((process) => once(process, "exit")))) if (status !== 0) process.exit(status ?? 1);
}

const KERNELS = "src/engines/wasm/generated";
const PIXEL_KERNELS = "src/data/pixels/generated";
const SOURCES = "src/explain/generated";
const HEAD = "// Made by build.mjs from assembly/.\n";

/** Writes a file only if its text has changed, so that watching tools are not triggered. */
function write(folder, name, text) {
  mkdirSync(folder, { recursive: true });
  const path = `${folder}/${name}.ts`;
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {}
  writeFileSync(path, text);
}

/** Adds a declaration file of dist/ to `seen`, and every file that it imports, directly or not. */
function followDeclarations(file, seen) {
  if (seen.has(file)) return;
  seen.add(file);
  const text = readFileSync(file, "utf8").replaceAll(/^\s*(?:\/\*)?\*.*$/gm, "");
  for (const [, to] of text.matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)"/gm))
    followDeclarations(join(dirname(file), to).replace(/\.[jt]s$/, ".d.ts"), seen);
}

/** Removes the declarations that neither an entry point of the package nor bench/peers reaches, since nobody imports them. */
function pruneDeclarations() {
  const used = new Set();
  followDeclarations("bench/peers/src/deit.ts", used);
  for (const { types } of Object.values(JSON.parse(readFileSync("package.json", "utf8")).exports))
    followDeclarations(normalize(types), used);
  for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" }))
    if (/^(?!wasm\/|\.).*\.d\.ts$/.test(name) && !used.has(`dist/${name}`)) rmSync(`dist/${name}`);
}

/** Indents the programs of dist/ by tabs: the package is 4 % smaller than with the four spaces of tsc. */
function indentByTabs() {
  const programs = readdirSync("dist", { recursive: true, encoding: "utf8" }).filter((name) => /^(?!wasm\/|\.).*\.js$/.test(name));
  const args = ["--config", ".oxfmtrc.dist.json", ...programs.map((name) => `dist/${name}`)];
  const { status, stdout, stderr } = spawnSync("node_modules/.bin/oxfmt", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`oxfmt: ${stdout}${stderr}`);
}

/** Stores a binary that asc has written as text. */
function writeBinary(folder, name, encode = (bytes) => bytes) {
  const binary = encode(readFileSync(`dist/wasm/${name}.wasm`)).toString("base64");
  write(folder, name, `${HEAD}export const binary: string =\n  "${binary}";\n`);
}

/** Stores the types of a binary's functions, which asc has written, as an interface. */
function writeTypes(folder, name) {
  const functions = [...readFileSync(`dist/wasm/${name}.d.ts`, "utf8").matchAll(/export function (\w+)(\(.*\): \w+);/g)];
  const members = functions.map(([, member, type]) => `  readonly ${member}: ${type.replace(/\): (\w+)$/, ") => $1")};\n`);
  write(folder, "exports", `${HEAD}export interface Exports {\n${members.join("")}}\n`);
}

const targets = ["release", "debug", "fma"];

/** Compiles the kernels, unless those that are there were made from the same files by the same compiler. */
async function compileKernels() {
  const sources = readdirSync("assembly", { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|json)$/.test(name));
  const made = [...sources.toSorted().map((name) => `assembly/${name}`), "asconfig.json", "node_modules/assemblyscript/package.json"];
  const hash = createHash("sha256");
  for (const path of made) hash.update(`${path}\n${readFileSync(path, "utf8")}`);
  const digest = hash.digest("hex");
  const binaries = [...targets, "pixels"].map((name) => `dist/wasm/${name}.wasm`);
  if (binaries.every(existsSync) && existsSync("dist/wasm/made-from") && readFileSync("dist/wasm/made-from", "utf8") === digest) return;
  await runInParallel("asc", [
    ...targets.map((target) => ["--config", "asconfig.json", "--target", target]),
    ["--config", "assembly/pixels/asconfig.json"],
  ]);
  writeFileSync("dist/wasm/made-from", digest);
}

await compileKernels();
for (const target of targets) writeBinary(KERNELS, target, (bytes) => deflateRawSync(bytes, { level: 9 })); // a third of the size
writeTypes(KERNELS, "release");
writeBinary(PIXEL_KERNELS, "pixels");
writeTypes(PIXEL_KERNELS, "pixels");

write(SOURCES, "sources", sourceIndex());

// comments go into the declarations, where editors show them, but not into the programs
const project = ["-p", "tsconfig.build.json"];
await runInParallel("tsc", [
  [...project, "--noEmit", "--incremental", "--tsBuildInfoFile", "dist/.types.tsbuildinfo"], // the check, of what has changed since the last one
  [...project, "--noCheck", "--emitDeclarationOnly"],
  [...project, "--noCheck", "--declaration", "false", "--isolatedDeclarations", "false", "--removeComments"],
]);
for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  const [, path] = /^(?!wasm\/|benches\/)(.+?)(?:\.d\.ts|\.js)$/.exec(name) ?? [];
  if (path !== undefined && !existsSync(`src/${path}.ts`)) rmSync(`dist/${name}`); // its source no longer exists, but it would be packed
}
rmSync("dist/benches", { recursive: true, force: true }); // the command line lists the folder, and would find benches that no longer exist
run("tsc", "-p", "bench/tsconfig.json");
pruneDeclarations();
indentByTabs();
chmodSync("dist/cli.js", 0o755); // npx runs it through a link
