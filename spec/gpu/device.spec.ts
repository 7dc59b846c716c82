import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { listAdapters } from "../../src/gpu/adapter.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { SWIFTSHADER } from "../../src/gpu/swiftshader.ts";
import { compileInto } from "../helpers/javascript.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** Doubles numbers on the device. */
async function doubled(device: GPUDevice, numbers: readonly number[]): Promise<readonly number[]> {
  const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = 2 * x[id.x]; }`;
  const [MAP_READ, COPY_SRC, COPY_DST, STORAGE, READ] = [1, 4, 8, 128, 1];
  const size = 4 * numbers.length;
  const x = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const copy = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(x, 0, Float32Array.from(numbers));
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
  const entries = [{ binding: 0, resource: { buffer: x } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(numbers.length);
  pass.end();
  encoder.copyBufferToBuffer(x, 0, copy, 0, size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(READ);
  return [...new Float32Array(copy.getMappedRange())];
}

onGpu("a device", () => {
  it("computes", async () => {
    expect(await doubled(await gpuDevice(), [1, -3.5, 0])).toEqual([2, -7, 0]);
  });

  it("has all that its adapter has, or only what every device has", async () => {
    const [most, least] = [await gpuDevice(), await gpuDevice({ limits: "default" })];
    expect(most.limits.maxStorageBufferBindingSize).toBeGreaterThan(least.limits.maxStorageBufferBindingSize);
    expect(least.limits.maxStorageBufferBindingSize).toBe(2 ** 27); // WebGPU's default
    expect([...most.features]).toEqual(expect.arrayContaining(["timestamp-query", "subgroups"]));
    expect([...least.features]).not.toEqual(expect.arrayContaining(["timestamp-query"]));
  });

  it("on the null backend has f16 and subgroup matrices", async () => {
    const device = await nullDevice();
    const code = "enable f16; enable subgroups; enable chromium_experimental_subgroup_matrix; @compute @workgroup_size(1) fn main() {}";
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    expect(messages).toEqual([]);
  });

  it("is lost when it is destroyed, and another can be opened", async () => {
    for (const _ of [1, 2, 3]) {
      const device = await gpuDevice();
      device.destroy();
      expect(await device.lost).toMatchObject({ reason: "destroyed" });
    }
    expect(await doubled(await gpuDevice(), [1])).toEqual([2]);
  });

  it("computes the same without Dawn's checks within programs", async () => {
    const device = await openDevice({ adapter: SWIFTSHADER, experimental: false, unchecked: true, plain: false });
    expect(await doubled(device, [1, 2, 3])).toEqual([2, 4, 6]);
    device.destroy();
  });

  it("on an unknown adapter is refused, naming the known adapters", async () => {
    expect(await listAdapters()).toContainEqual({ name: "SwiftShader Device (Subzero)", backend: "vulkan" });
    await expect(openDevice({ adapter: "Voodoo", experimental: false, plain: false })).rejects.toThrow(
      "needs an adapter Voodoo, which is not here; known: SwiftShader Device (Subzero) (vulkan)",
    );
  });
});

it("a device without the package webgpu is refused, naming the command to install it", () => {
  const folder = temporaryFolder();
  compileInto(folder, "src/gpu");
  const code = `import { openDevice } from "./src/gpu/device.js"; await openDevice({ adapter: null, experimental: false, plain: true });`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], { cwd: folder, encoding: "utf8" });
  expect(stderr).toContain("RangeError: needs the package webgpu, which is not installed: npm install webgpu@0.6.2\n");
});
