/** Programs as a device runs them: compiled once, and bound to memory once for each set of places. */
import { MOST_PARAMS, type Program } from "./program.ts";

/** What a launch binds: a tensor, or a whole slab. There is one operand of a place: equal places are the same object. */
export interface Operand {
  /** Of its own. */
  readonly key: string;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

export interface Bound {
  readonly pipeline: GPUComputePipeline;
  readonly tensors: GPUBindGroup;
}

const COMPUTE_STAGE = 0x4; // the bit of GPUShaderStage, a global that only browsers have
/** Of one launch. */
export const PARAM_BYTES: number = 4 * MOST_PARAMS;
/** Of bind groups; programs on ever new shapes would fill the memory with them. */
const MOST_KEPT = 50_000;

/** For each operand the first that is the same. */
function firstOf(operands: readonly Operand[]): readonly number[] {
  return operands.map((operand, i) => {
    const first = operands.indexOf(operand);
    return first < 0 ? i : first;
  });
}

export interface Pipelines {
  readonly bind: (program: Program, operands: readonly Operand[]) => Bound;
  readonly paramGroup: (buffer: GPUBuffer) => GPUBindGroup;
}

export function pipelinesOn(device: GPUDevice): Pipelines {
  const paramLayout = device.createBindGroupLayout({
    entries: [{ binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: PARAM_BYTES } }],
  });
  const layouts = new Map<string, { readonly tensors: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout }>();
  const layoutFor = (bindings: readonly number[]): { readonly tensors: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout } => {
    const key = bindings.join();
    const known = layouts.get(key);
    if (known !== undefined) return known;
    const entries = bindings.map((binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type: "storage" as const } }));
    const tensors = device.createBindGroupLayout({ entries });
    const made = { tensors, pipeline: device.createPipelineLayout({ bindGroupLayouts: [tensors, paramLayout] }) };
    layouts.set(key, made);
    return made;
  };

  const compiled = new Map<Program, GPUComputePipeline>();
  const pipelineOf = (program: Program, bindings: readonly number[]): GPUComputePipeline => {
    const known = compiled.get(program);
    if (known !== undefined) return known;
    const module = device.createShaderModule({ label: program.name, code: program.wgsl });
    const layout = layoutFor(bindings).pipeline;
    const made = device.createComputePipeline({ label: program.name, layout, compute: { module, entryPoint: "main" } });
    compiled.set(program, made);
    return made;
  };

  const kept = new Map<string, GPUBindGroup>();
  const groupOf = (bindings: readonly number[], operands: readonly Operand[]): GPUBindGroup => {
    const key = operands.map((operand) => operand.key).join();
    const known = kept.get(key);
    if (known !== undefined) return known;
    const entries = bindings.flatMap((binding) => {
      const operand = operands[binding];
      return operand === undefined ? [] : [{ binding, resource: { buffer: operand.buffer, offset: operand.offset, size: operand.bytes } }];
    });
    const made = device.createBindGroup({ layout: layoutFor(bindings).tensors, entries });
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, made);
    return made;
  };

  return {
    bind: (program, operands) => {
      const first = firstOf(operands);
      const bindings = first.filter((j, i) => j === i);
      return { pipeline: pipelineOf(program.shared(first), bindings), tensors: groupOf(bindings, operands) };
    },
    paramGroup: (buffer) =>
      device.createBindGroup({ layout: paramLayout, entries: [{ binding: 0, resource: { buffer, size: PARAM_BYTES } }] }),
  };
}
