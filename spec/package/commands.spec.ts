/** Runs the commands from the packed package, in a folder with nothing but what a user gets. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { installed } from "./packed.ts";

const folder = installed("fast-check-newest", []);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quick = [
  "--version",
  "check --only op/softmax --only E19 --cases 1 --threads 2",
  "record deit-tiny-distilled own.safetensors --image-size 32 --set model.depth=1 --distillation hard",
  "verify own.safetensors",
  "summary deit-base-distilled --image-size 384",
];
const long = [
  "check --cases 1 --engine reference",
  "check --cases 1",
  "train digits --set training.epochs=2 --set teacher.training.epochs=1 --out run --threads 2",
  "eval run/weights.safetensors digits:test",
  "convert hash:7 tiny.safetensors --model deit-tiny",
  "convert hash:7 tiny.onnx --model deit-tiny",
  "compare digits --seeds 1 --set training.epochs=1 --set teacher.training.epochs=1 --out cmp",
  "bench op --only softmax",
];
const commands = [...quick, ...(process.env["DEIT_LONG"] === "1" ? long : [])];

const run = (line: string): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [join(folder, "node_modules/deit/dist/cli.js"), ...line.split(" ")], { cwd: folder, encoding: "utf8" });

it.each(commands)("deit %s works", (line) => {
  const { status, stderr } = run(line);
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
});

it("deit engines and --engine webgpu name the command that adds the missing package", () => {
  expect(existsSync(join(folder, "node_modules/webgpu"))).toBe(false);
  const needs = "it needs the package webgpu, which is not installed: npm install webgpu@0.6.2";
  expect(run("engines").stdout).toContain(needs);
  const { status, stderr } = run("check --engine webgpu");
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: `deit check: engine webgpu cannot run here: ${needs}; --engine reference can\n`,
  });
});
