/** How full the waves are of the matrix multiplications of a step of DeiT-B with 64 images, on an H100's 132 multiprocessors. `DEIT_LONG=1` prints the table. */
import { expect, it } from "vitest";
import { defaultCapabilities, MULTIPROCESSORS, type DeviceCapabilities } from "../../src/engines/webgpu/capabilities.ts";
import type { GemmShape } from "../../src/engines/webgpu/kernels/gemm/format.ts";
import { gemmPlan } from "../../src/engines/webgpu/kernels/gemm/plan.ts";

const LONG = process.env["DEIT_LONG"] === "1";

const h100: DeviceCapabilities = {
  ...defaultCapabilities,
  limits: { ...defaultCapabilities.limits, maxComputeWorkgroupStorageSize: 3 * 2 ** 14 }, // maxComputeSharedMemorySize of NVIDIA's Vulkan driver
  features: new Set(["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"]),
  subgroup: 32,
  matrices: [{ m: 16, n: 16, k: 16 }],
};

const [TOKENS, PATCHES] = [64 * 197, 64 * 196];
const layers = [
  ["patches", PATCHES, 768, 768],
  ["qkv", TOKENS, 768, 2304],
  ["proj", TOKENS, 768, 768],
  ["fc1", TOKENS, 768, 3072],
  ["fc2", TOKENS, 3072, 768],
] as const;

const plain = { batch: 1, shared: true, ta: false, tb: false };
/** y = x Wᵀ, x̄ = ȳ W and W̄ = ȳᵀ x of every linear layer. */
const shapes: readonly (readonly [name: string, shape: GemmShape])[] = layers.flatMap(([name, tokens, I, O]) => [
  [`${name} y`, { ...plain, m: tokens, n: O, k: I, tb: true }] as const,
  [`${name} x̄`, { ...plain, m: tokens, n: I, k: O }] as const,
  [`${name} W̄`, { ...plain, m: O, n: I, k: tokens, ta: true }] as const,
]);

/** The scratch has room for four splits of W̄ of qkv: more would fill the waves, and cost as much as they save. */
const bound = (name: string): number => (name === "qkv W̄" ? 0.8 : 0.96);

it.each(shapes)("the tiles of %s fill their waves, and C its tiles", (name, shape) => {
  const storage = { a: "f16", b: "f16", c: shape.ta ? "f32" : "f16", bias: null, factors: "f16", rowSums: shape.ta } as const;
  const { variant, rows, columns, splits, gemm } = gemmPlan(shape, storage, 1, h100);
  const [tiles = 0] = gemm.params;
  const waves = Math.ceil(tiles / MULTIPROCESSORS);
  const [filled, used] = [tiles / (waves * MULTIPROCESSORS), (splits * shape.m * shape.n) / (tiles * rows * columns)];
  if (LONG)
    console.log(
      `| ${name} | ${shape.m} × ${shape.n} × ${shape.k} | ${variant} ${rows} × ${columns} | ${splits} | ${tiles} | ${waves} | ${(100 * filled).toFixed(0)} % |`,
    );
  expect(filled).toBeGreaterThan(bound(name));
  expect(used).toBeGreaterThan(0.96);
});
