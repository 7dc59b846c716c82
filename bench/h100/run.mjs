/**
 * Tests and measures the WebGPU engine on one GPU, without a display: `node bench/h100/run.mjs [--out DIR] [--adapter NAME] [--quick]`.
 *
 * Installs nothing and uses no network: run `npm ci` first, here or where this folder was copied from. Each step is a command with a time
 * limit; a step that fails is recorded, and the next one runs. DIR receives the output of each step, summary.json with all results, and
 * compared.txt, which is printed too: every term of the projection and the step of DeiT-B, measured beside predicted.
 * `--quick` tries every step at the smallest size, on SwiftShader if there is no GPU.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environments } from "./drivers.mjs";
import { comparison } from "./compare.mjs";
import { stepsOf } from "./steps.mjs";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "runs/h100" },
    adapter: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const { out, adapter, quick } = values;

const CLI = "dist/cli.js";
const MS = 1000;
/** The versions of Node that the project supports. */
const [MAJOR, MINOR] = [20, 19];

function refuse(why) {
  process.stderr.write(`bench/h100: ${why}\n`);
  process.exit(2);
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < MAJOR || (major === MAJOR && minor < MINOR))
  refuse(`Node ${MAJOR}.${MINOR} or later is needed, this is ${process.versions.node}`);
if (!existsSync(CLI)) refuse(`${CLI} is missing: run from the project's folder, after npm ci`);
if (!existsSync("node_modules/webgpu")) refuse("node_modules/webgpu is missing: npm ci installs it, unless --omit=optional");
mkdirSync(out, { recursive: true });

const lastLine = (text) => text.trim().split("\n").at(-1) ?? "";

/** What a command printed, as JSON; its last line if it is not JSON. */
function resultOf(stdout) {
  try {
    return JSON.parse(stdout);
  } catch {
    return lastLine(stdout);
  }
}

/** Runs a command of `deit`, and keeps what it prints. */
function run({ name, args, seconds }, env) {
  const started = performance.now();
  const command = ["deit", ...args].join(" ");
  process.stderr.write(`${command}\n`);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    env,
    encoding: "utf8",
    timeout: seconds * MS,
    maxBuffer: 2 ** 28,
  });
  writeFileSync(join(out, `${name}.out`), stdout);
  writeFileSync(join(out, `${name}.err`), stderr);
  const took = (performance.now() - started) / MS;
  process.stderr.write(`  ${status === 0 ? "done" : `status ${status ?? signal}`} after ${took.toFixed(1)} s; ${lastLine(stderr)}\n`);
  return { name, command, status: status ?? signal, seconds: took, result: resultOf(stdout), message: lastLine(stderr) };
}

const adapterArgs = adapter === undefined ? [] : ["--adapter", adapter];

/** The first environment in which the engine has a GPU. */
function found() {
  const tried = [];
  for (const { what, variables, software } of environments(join(out, "drivers"), quick)) {
    const env = { ...process.env, ...variables };
    process.stderr.write(`looking for a GPU with ${what}\n`);
    const step = run({ name: "engines", args: ["engines", ...adapterArgs, "--json"], seconds: 120 }, env);
    const webgpu = step.result?.engines?.find(({ name }) => name === "webgpu");
    tried.push({ what, reason: webgpu?.reason ?? step.message });
    if (webgpu?.available === true && (software || webgpu.adapter.software === false)) return { what, variables, env, step };
  }
  for (const { what, reason } of tried) process.stderr.write(`${what}: ${reason}\n`);
  return refuse(
    "no GPU: it needs a driver for Vulkan; in a container, NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility (docs/webgpu.md)",
  );
}

const { what, variables, env, step: engines } = found();
const engineArgs = ["--engine", "webgpu", ...adapterArgs];
const steps = [engines, ...stepsOf(engineArgs, quick).map((step) => run(step, env))];
const [{ model } = {}] = cpus();
const machine = { node: process.version, processor: model, threads: cpus().length, memoryBytes: totalmem() };
const summary = { date: new Date().toISOString(), quick, machine, drivers: { what, variables }, steps };
writeFileSync(join(out, "summary.json"), `${JSON.stringify(summary, null, 1)}\n`);
const compared = comparison(steps);
writeFileSync(join(out, "compared.txt"), compared);
process.stdout.write(compared);
const failed = steps.filter(({ status }) => status !== 0);
process.stderr.write(`${steps.length - failed.length} of ${steps.length} steps are done; all is in ${join(out, "summary.json")}\n`);
process.exit(failed.length === 0 ? 0 : 1);
