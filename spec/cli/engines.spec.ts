import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { CLI, deit, json } from "./deit.ts";

/** What Node 20 needs; later ones do not know it. */
const RELAXED = process.version.startsWith("v20.") ? ["--experimental-wasm-relaxed-simd"] : [];

describe("deit engines", () => {
  it("prints the contract's JSON: the reference and WASM run, the others come later", () => {
    expect(json(["engines"])).toEqual({
      engines: [
        { name: "reference", available: true, features: expect.arrayContaining(["f64"]) },
        { name: "wasm", available: true, features: expect.arrayContaining(["f32", "SIMD"]) },
        expect.objectContaining({ name: "wasm-fma", features: expect.arrayContaining(["f32"]) }),
        { name: "webgpu", available: false, reason: "comes with a later release", features: expect.any(Array) },
      ],
    });
  });

  it("has wasm-fma where the host has relaxed SIMD, and says what is missing elsewhere", () => {
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

  it("says what this Node offers", () => {
    const { status, stdout } = deit(["engines"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nwasm +yes +f32, up to \d+ threads, SIMD\n/);
  });
});
