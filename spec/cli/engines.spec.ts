import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { onGpu } from "../helpers/gpu.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { CLI, deit, json } from "./deit.ts";

/** The option that Node 20 needs; later versions do not know it. */
const RELAXED = process.version.startsWith("v20.") ? ["--experimental-wasm-relaxed-simd"] : [];

describe("deit engines", () => {
  it("prints the contract's JSON: the reference and WASM run anywhere", () => {
    expect(json(["engines"])).toEqual({
      engines: [
        { name: "reference", available: true, features: expect.arrayContaining(["f64"]) },
        { name: "wasm", available: true, features: expect.arrayContaining(["f32", "SIMD"]) },
        expect.objectContaining({ name: "wasm-fma", features: expect.arrayContaining(["f32"]) }),
        expect.objectContaining({ name: "webgpu", features: expect.arrayContaining(["f32"]) }),
      ],
    });
  });

  it("has wasm-fma if the host has relaxed SIMD, else reports what is missing", () => {
    const bare = deit(["check", "--only", "E1", "--cases", "1", "--engine", "wasm-fma"]);
    const enabled = spawnSync(
      process.execPath,
      [...RELAXED, CLI, "check", "--only", "E5", "--cases", "3", "--engine", "wasm-fma", "--json"],
      {
        encoding: "utf8",
      },
    );
    expect([0, 2]).toContain(bare.status);
    expect(bare.stderr).toMatch(/^(|deit check: engine wasm-fma cannot run here: it needs relaxed SIMD.*\n)$/);
    expect(JSON.parse(enabled.stdout)).toMatchObject({ ok: true });
  });

  it("lists what this version of Node supports", () => {
    const { status, stdout } = deit(["engines"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nwasm +yes +f32, up to \d+ threads, SIMD\n/);
  });
});

/** The list of a driver's file and of another file for a copy of that driver: two adapters with one name. */
function twoDrivers(file: string): string {
  const folder = temporaryFolder();
  const { ICD, ...rest }: { readonly ICD: { readonly library_path: string } } = JSON.parse(readFileSync(file, "utf8"));
  const library = join(folder, basename(ICD.library_path));
  copyFileSync(resolve(dirname(file), ICD.library_path), library);
  writeFileSync(join(folder, "copy.json"), JSON.stringify({ ...rest, ICD: { ...ICD, library_path: library } }));
  return [file, join(folder, "copy.json")].join(delimiter);
}

onGpu("deit engines", () => {
  it("lists the adapter with its limits and features", () => {
    const { engines }: { engines: readonly unknown[] } = JSON.parse(JSON.stringify(json(["engines", "--adapter", "SwiftShader"])));
    expect(engines.at(-1)).toEqual({
      name: "webgpu",
      available: true,
      features: expect.arrayContaining(["f32", "vulkan", "on the processor", "timestamp-query"]),
      adapter: expect.objectContaining({
        name: "SwiftShader Device (Subzero)",
        backend: "vulkan",
        vendor: "google",
        software: true,
        limits: expect.objectContaining({ maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupsPerDimension: 65_535 }),
        features: ["timestamp-query", "subgroups", "subgroup-size-control"],
      }),
      matrixUnits: { gemm: { f32: "registers", f16: "registers" }, units: "the device lacks chromium-experimental-subgroup-matrix" },
      adapters: expect.arrayContaining([{ name: "SwiftShader Device (Subzero)", backend: "vulkan" }]),
    });
  });

  it("says which variant of GEMM the adapter gets, and why", () => {
    const { stdout } = deit(["engines", "--adapter", "SwiftShader"]);
    expect(stdout).toMatch(
      /\n {2}matrix units +the device lacks chromium-experimental-subgroup-matrix\n {2}GEMM +registers in f32, registers in f16\n/,
    );
  });

  it("refuses an adapter that it cannot tell from another", () => {
    const twice = Object.fromEntries(["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].map((name) => [name, twoDrivers(process.env[name] ?? "")]));
    const { stdout } = spawnSync(process.execPath, [CLI, "engines", "--adapter", "1"], {
      encoding: "utf8",
      env: { ...process.env, ...twice },
    });
    expect(stdout).toMatch(
      /\nwebgpu +no: it cannot open adapter 1, since Dawn chooses by name, and adapter 0 has the same: 0 is SwiftShader/,
    );
  });

  /** The environment of a machine without a driver. */
  const bare = { PATH: process.env["PATH"], VK_ICD_FILENAMES: "/nowhere", VK_DRIVER_FILES: "/nowhere" };
  const onBare = (...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", env: bare });
    return { status, stdout, stderr };
  };
  const one = ["check", "--engine", "webgpu", "--only", "E5", "--cases", "2"];

  it("reports what is needed if there is no driver", () => {
    const { status, stdout } = onBare("engines", "--adapter", "hardware");
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nwebgpu +no: it needs an adapter, and none is here: a GPU with a driver for Vulkan/);
  });

  it("uses SwiftShader if there is no driver, and a command reports that it computes there", () => {
    expect(onBare("engines").stdout).toMatch(/\nwebgpu +yes +f32, vulkan, on the processor/);
    const { status, stdout, stderr } = onBare(...one);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/^deit: there is no GPU here; webgpu computes on the processor, with SwiftShader[^\n]*\n$/),
    });
    expect(stdout).toMatch(/webgpu: 1 of 1 rows hold/);
  });

  it("uses SwiftShader if it is asked for, but not if hardware is asked for", () => {
    const asked = onBare(...one, "--adapter", "swiftshader");
    expect({ status: asked.status, stderr: asked.stderr }).toEqual({ status: 0, stderr: "" });
    for (const { status, stdout, stderr } of [onBare(...one, "--adapter", "hardware"), deit([...one, "--adapter=hardware"])]) {
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^deit check: engine webgpu cannot run here: it needs a[^\n]*; --engine reference can\n$/);
    }
  });

  it("survives a crashing driver", () => {
    const crash = "if (process.argv[1].endsWith('gpuProbe.js')) process.kill(process.pid, 'SIGSEGV')";
    const env = { ...process.env, NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(crash)}"` };
    const { status, stdout } = spawnSync(process.execPath, [CLI, "engines"], { encoding: "utf8", env });
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nwebgpu +no: it needs a driver that works: looking for an adapter ended with SIGSEGV/);
  });
});
