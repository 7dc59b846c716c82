/**
 * `node bench/host/run.mjs [--batches 64,128,256] [--rounds N] [--off skip_validation,…]`: how long the host takes to encode and submit a training step of DeiT-B in
 * f16, on Dawn's null backend, with the kernels of an H100. Needs `npm run build`.
 *
 * The null backend has 512 MiB and such a step takes 6 GB and more. So slabs here are 1/64 as long as the engine believes, and what is bound or copied of them
 * lies at 1/64 of its offset; params, scratch and staging are as long as ever. Dawn gets the same calls as on a device, with as many buffers, bind groups and
 * dispatches, and validates them all. Its subgroups have 128 threads, so workgroups of fewer get as many, which changes nothing on the host. Left out are the commands of a graphics API, which Dawn's backends record at submit, and the driver.
 *
 * `--adapter SwiftShader --model deit-tiny --side 32 --batches 1`: the same with nothing changed or left out, on SwiftShader's queue; in the environment of
 * `swiftShaderVariables` (src/gpu/swiftshader.ts), which the script sets. Linux only, for the clock of a thread.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { trainProgram } from "#deit/bench/train.js";
import { adapterNamed } from "#deit/bench/adapters.js";
import { machineOn } from "#deit/engines/webgpu/device/device.js";
import { engineOn } from "#deit/engines/webgpu/engine.js";
import { openDevice } from "#deit/gpu/device.js";
import { swiftShaderVariables } from "#deit/gpu/swiftshader.js";
import { deitConfig } from "#deit/model/config.js";

/** Those of an H100, but for the limits of a program, which are lower on the null backend: fewer epilogues are fused, and tiles are smaller. */
const { capabilities: reported } = adapterNamed("h100").reported;
const ofNull = { maxStorageBuffersPerShaderStage: 8, maxComputeWorkgroupStorageSize: 2 ** 14, maxComputeInvocationsPerWorkgroup: 256 };
const capabilities = { ...reported, limits: { ...reported.limits, ...ofNull } };

const SHRUNK = 64;
/** Of blocks: 1/64 of it is that of bindings. */
const ALIGNMENT = 256 * SHRUNK;
const LONGEST = 2 ** 30;
/** Steps before the first sample: the first compiles, the second is kept, and the third runs as those that follow. */
const WARM_UP = 3;

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "64,128,256" },
    rounds: { type: "string", default: "15" },
    adapter: { type: "string", default: "null" },
    model: { type: "string", default: "deit-base" },
    side: { type: "string", default: "224" },
    off: { type: "string", default: "" },
  },
});

if (values.adapter !== "null" && process.env.VK_ICD_FILENAMES === undefined) {
  const { status } = spawnSync(process.execPath, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, ...swiftShaderVariables() },
  });
  process.exit(status ?? 1);
}

/** Steps of a sample; on a queue that computes, the host has long encoded the second when the first ends. */
const STEPS = values.adapter === "null" ? 4 : 1;

const { create } = await import("webgpu");
const gpu = create(["backend=null", `enable-dawn-features=${["allow_unsafe_apis", ...values.off.split(",").filter(Boolean)].join(",")}`]);

/** A device whose slabs are short. */
async function shrunkDevice() {
  const adapter = await gpu.requestAdapter();
  const device = await adapter.requestDevice({
    requiredFeatures: ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"],
    requiredLimits: {
      maxComputeInvocationsPerWorkgroup: adapter.limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize,
    },
  });
  Object.defineProperty(device, "limits", { value: capabilities.limits }); // those that the engine believes
  const slabs = new Set();
  const { queue } = device;
  const [createBuffer, createBindGroup] = [device.createBuffer.bind(device), device.createBindGroup.bind(device)];
  const [createEncoder, writeBuffer] = [device.createCommandEncoder.bind(device), queue.writeBuffer.bind(queue)];
  device.createBuffer = (descriptor) => {
    if (!descriptor.label.startsWith("slab")) return createBuffer(descriptor);
    const slab = createBuffer({ ...descriptor, size: descriptor.size / SHRUNK });
    slabs.add(slab);
    return slab;
  };
  const shrunk = ({ buffer, offset, size }) => ({ buffer, offset: offset / SHRUNK, size: Math.min(size, buffer.size * SHRUNK) / SHRUNK });
  device.createBindGroup = ({ entries, ...rest }) =>
    createBindGroup({
      ...rest,
      entries: entries.map(({ binding, resource }) => ({ binding, resource: slabs.has(resource.buffer) ? shrunk(resource) : resource })),
    });
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = ({ code, ...rest }) =>
    createShaderModule({
      ...rest,
      code: code.replace(/@workgroup_size\((\d+),/, (_, threads) => `@workgroup_size(${Math.ceil(threads / 128) * 128},`),
    });
  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    const copy = encoder.copyBufferToBuffer.bind(encoder);
    encoder.copyBufferToBuffer = (from, at, ...rest) => copy(from, slabs.has(from) ? at / SHRUNK : at, ...rest);
    return encoder;
  };
  queue.writeBuffer = (buffer, at, data, from, bytes) =>
    slabs.has(buffer)
      ? writeBuffer(buffer, at / SHRUNK, data, from, Math.ceil(bytes / SHRUNK / 4) * 4)
      : writeBuffer(buffer, at, data, from, bytes);
  return device;
}

/** Of the thread that encodes and submits, in ms: neither other processes count, nor SwiftShader's threads. */
const threadTime = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;

/** The machine of a measurement: the shrunk null backend with the kernels of an H100, or SwiftShader as it is. */
async function machineFor(adapter) {
  if (adapter !== "null")
    return machineOn(await openDevice({ adapter, experimental: false, plain: false }), LONGEST, { submitWork: Infinity });
  const machine = machineOn(await shrunkDevice(), LONGEST, { submitWork: Infinity });
  return { ...machine, capabilities, layout: { ...machine.layout, alignment: ALIGNMENT } };
}

async function measured(batch, rounds) {
  const machine = await machineFor(values.adapter);
  const engine = engineOn(machine, { precision: "f16", capacity: Infinity, poison: false, epilogues: true, afterKernel: null });
  const config = deitConfig(values.model, { imageSize: Number(values.side) });
  const { run } = trainProgram(config, "normal", { teacher: null, scaledLoss: true }).work(engine.kernels, batch);
  for (let i = 0; i < WARM_UP; i++) {
    run();
    engine.settle();
    await machine.finish();
  }
  const before = machine.sent();
  const ms = [];
  for (let i = 0; i < rounds; i++) {
    const start = threadTime();
    for (let step = 0; step < STEPS; step++) {
      run();
      engine.settle();
      void machine.finish();
    }
    ms.push((threadTime() - start) / STEPS);
    engine.settle();
    await machine.finish();
  }
  const after = machine.sent();
  machine.close();
  const dispatches = (after.dispatches - before.dispatches) / (rounds * STEPS);
  ms.sort((a, b) => a - b);
  return { dispatches, median: ms[ms.length >> 1], best: ms[0], reserved: engine.memory().reserved };
}

console.log("micro-batch  dispatches  ms a step: median  best  µs a dispatch: median  best  ms an image: median");
for (const batch of values.batches.split(",").map(Number)) {
  const { dispatches, median, best } = await measured(batch, Number(values.rounds));
  const us = (ms) => ((1000 * ms) / dispatches).toFixed(1);
  console.log([batch, dispatches, median.toFixed(2), best.toFixed(2), us(median), us(best), (median / batch).toFixed(4)].join("  "));
}
