/** The arrows between the folders of src, read off the import lines. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

/** What each folder may import. `types:x` allows `import type` from x only. */
const arrows: { readonly [folder: string]: readonly string[] } = {
  tensor: [],
  kernels: ["tensor"],
  ops: ["tensor", "kernels"],
  losses: ["tensor", "kernels", "ops"],
  model: ["tensor", "kernels", "ops"],
  teacher: ["tensor", "kernels", "ops"],
  train: ["tensor", "kernels", "ops", "losses", "model", "types:data", "types:teacher"],
  data: ["tensor", "io"],
  io: ["tensor", "types:kernels", "model"],
  engines: ["tensor", "kernels"],
  ranks: ["tensor"],
  gpu: ["io"],
  check: ["tensor", "kernels", "ops", "npm:fast-check"],
  laws: ["tensor", "kernels", "ops", "losses", "model", "teacher", "train", "data", "check", "engines/abstract"],
  recording: [
    "tensor",
    "kernels",
    "ops",
    "losses",
    "model",
    "teacher",
    "train",
    "check",
    "laws",
    "io",
    "data",
    "engines/abstract",
    "engines/reference",
  ],
  report: [
    "tensor",
    "kernels",
    "ops",
    "model",
    "train",
    "data",
    "io",
    "types:recording",
    "experiments",
    "npm:@observablehq/plot",
    "npm:linkedom",
  ],
  inspect: ["tensor", "kernels", "ops", "model", "train", "data", "io", "recording", "report", "npm:@observablehq/plot"],
  bench: [
    "tensor",
    "kernels",
    "ops",
    "losses",
    "model",
    "teacher",
    "train",
    "engines/wasm",
    "engines/webgpu",
    "engines/abstract",
    "npm:tinybench",
  ],
  explain: [
    "tensor",
    "kernels",
    "ops",
    "losses",
    "model",
    "teacher",
    "train",
    "bench",
    "engines/abstract",
    "engines/wasm",
    "engines/webgpu",
  ],
  experiments: [],
  recipe: ["model", "teacher", "types:train", "types:data", "npm:zod", "npm:smol-toml"],
  cli: ["*"],
};

/** What a folder further in may import beyond that: a room of its own within its folder. */
const rooms: { readonly [folder: string]: readonly string[] } = {
  "engines/wasm/fused": ["ops", "losses", "train", "teacher"], // as keys and types of what it replaces
  "engines/webgpu/fused": ["ops", "losses", "train", "teacher"], // as keys and types of what it replaces
  "data/images": ["npm:sharp"], // decodes
  "io/archive": ["npm:fflate"], // inflates
  "io/numpy": ["npm:fflate"], // packs
  "io/onnx": ["ops", "teacher", "npm:@bufbuild/protobuf/wire"], // a graph is a network written once more
  "io/tensorboard": ["npm:@bufbuild/protobuf/wire"],
  "train/run": ["io", "data", "teacher", "ranks"], // effects
  "train/teachers": ["io", "data", "teacher"], // effects
};

/** Files that may import more than their folder. */
const exceptions: { readonly [file: string]: readonly string[] } = {
  "io/png.ts": ["npm:fflate"], // deflates, in browsers too
  "io/weights/convert.ts": ["engines/reference"], // positions of another grid are resampled in f64
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly types: boolean;
}

const root = join(import.meta.dirname, "../src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

const imports: readonly Import[] = files.flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8");
  const lines = [...text.matchAll(/(?:^(?:import|export)\s+(type\s+)?(?:[^"';]*?\s+from\s+)?|\bimport\()"([^"]+)"/gm)];
  return lines.map(([, types, from = ""]) => {
    const target = from.startsWith(".") ? relative(root, join(root, dirname(file), from)) : from.startsWith("node:") ? from : `npm:${from}`;
    return { file, from: target, types: types !== undefined };
  });
});

const folderOf = (path: string): string => path.split("/")[0] ?? "";

function allowed({ file, from, types }: Import): boolean {
  const folder = folderOf(file);
  if (!file.includes("/")) return true; // entry points
  const may = [...(arrows[folder] ?? []), ...(exceptions[file] ?? []), ...(rooms[dirname(file)] ?? [])];
  if (may.includes("*")) return true;
  if (from.startsWith("node:")) return ["data", "io", "cli", "gpu", "ranks", "recipe"].includes(folder) || hasEffects(file);
  if (from.startsWith("npm:")) return may.includes(from);
  const target = folderOf(from);
  if (target === folder) return folder !== "engines" || sameEngine(file, from);
  return may.some((arrow) => from.startsWith(`${arrow}/`) || (types && arrow === `types:${target}`));
}

/** The parts of `train` that may read clock and files. */
const hasEffects = (path: string): boolean => path.startsWith("train/run/") || path.startsWith("train/teachers/");

/** Engines share the files that lie directly in `engines`, and nothing else. */
const sameEngine = (file: string, from: string): boolean =>
  from.split("/").length === 2 || (file.split("/")[1] === from.split("/")[1] && file.split("/").length > 2);

describe("architecture", () => {
  it("knows every folder of src", () => {
    const folders = new Set(files.filter((file) => file.includes("/")).map(folderOf));
    expect([...folders].filter((folder) => arrows[folder] === undefined)).toEqual([]);
  });

  it("has import lines to read", () => {
    expect(imports.length).toBeGreaterThan(200);
  });

  it("points its arrows one way", () => {
    expect(imports.filter((line) => !allowed(line)).map(({ file, from }) => `${file} imports ${from}`)).toEqual([]);
  });

  /** All that an entry point leads to. */
  function behind(file: string, seen = new Set<string>()): ReadonlySet<string> {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const { from, types } of imports.filter((line) => line.file === file)) if (!types) behind(from, seen);
    return seen;
  }

  it.each([
    ["index.ts", []],
    ["wasm.ts", []],
    ["webgpu.ts", []],
    ["check.ts", ["npm:fast-check"]],
    ["recording.ts", []],
    ["io.ts", []],
    ["formats.ts", ["npm:fflate", "npm:@bufbuild/protobuf/wire"]],
    ["recipe.ts", ["npm:smol-toml", "npm:zod"]],
  ])("the entry point %s leads to the packages %j", (entry, packages) => {
    const found = [...behind(entry)].filter((file) => file.startsWith("npm:"));
    expect(new Set(found)).toEqual(new Set(packages));
  });

  it.each(["index.ts", "wasm.ts", "webgpu.ts", "check.ts", "recording.ts", "formats.ts"])(
    "the entry point %s leads to nothing of Node's",
    (entry) => {
      expect([...behind(entry)].filter((file) => file.startsWith("node:"))).toEqual([]);
    },
  );

  it("lets nothing import the command line", () => {
    expect(imports.filter(({ file, from }) => from.startsWith("cli/") && !file.startsWith("cli")).map(({ file }) => file)).toEqual([]);
  });

  it("keeps effects out of the training step", () => {
    const inward = imports.filter(({ file, from }) => file.startsWith("train/") && !hasEffects(file) && hasEffects(from));
    expect(inward.map(({ file, from }) => `${file} imports ${from}`)).toEqual([]);
  });

  it("has no folder of more than 25 files, and no file exception beyond five", () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 25)).toEqual([]);
    expect(Object.keys(exceptions).length).toBeLessThanOrEqual(5);
  });

  it("would notice a wrong arrow", () => {
    expect(allowed({ file: "ops/linear.ts", from: "model/block.ts", types: true })).toBe(false);
    expect(allowed({ file: "engines/reference/engine.ts", from: "engines/abstract/engine.ts", types: false })).toBe(false);
    expect(allowed({ file: "model/block.ts", from: "npm:zod", types: false })).toBe(false);
    expect(allowed({ file: "train/step/step.ts", from: "io/checkpoint/read.ts", types: false })).toBe(false);
  });
});
