/** Programs on a device: compiled once, and bound to memory once for each set of buffer ranges. */
import { MOST_PARAMS, type Program } from "../program.ts";

/** A buffer range that a dispatch binds: a tensor, or a whole slab. Equal ranges are the same object. */
export interface Operand {
  /** Differs from the keys of all others. */
  readonly key: string;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

export interface Bound {
  readonly pipeline: GPUComputePipeline;
  /** Binds its tensors and its params. */
  readonly group: GPUBindGroup;
}

const COMPUTE_STAGE = 0x4; // flag of GPUShaderStage, a global that only browsers have
/** Bytes for the params of a dispatch. */
export const PARAM_BYTES: number = 4 * MOST_PARAMS;
/** The most bind groups that are kept: programs on ever new shapes would fill the memory with them. */
const MOST_KEPT = 50_000;

/** For each operand, the index of the first that is the same. */
function firstOf(operands: readonly Operand[]): readonly number[] {
  return operands.map((operand, i) => {
    const first = operands.indexOf(operand);
    return first < 0 ? i : first;
  });
}

export interface Pipelines {
  /** @param params the buffer range of the dispatch's params */
  readonly bind: (program: Program, operands: readonly Operand[], params: Operand) => Bound;
}

export function pipelinesOn(device: GPUDevice): Pipelines {
  interface Layouts {
    readonly group: GPUBindGroupLayout;
    readonly pipeline: GPUPipelineLayout;
  }
  const layouts = new Map<string, Layouts>();
  /** The layout of tensors at these bindings, with the params at the binding after them. */
  const layoutFor = (bindings: readonly number[], params: number): Layouts => {
    const key = [...bindings, params].join();
    const known = layouts.get(key);
    if (known !== undefined) return known;
    const entries = bindings.map((binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type: "storage" as const } }));
    const uniform = { binding: params, visibility: COMPUTE_STAGE, buffer: { type: "uniform" as const, minBindingSize: PARAM_BYTES } };
    const group = device.createBindGroupLayout({ entries: [...entries, uniform] });
    const made = { group, pipeline: device.createPipelineLayout({ bindGroupLayouts: [group] }) };
    layouts.set(key, made);
    return made;
  };

  const compiled = new Map<Program, GPUComputePipeline>();
  const pipelineOf = (program: Program, { pipeline: layout }: Layouts): GPUComputePipeline => {
    const known = compiled.get(program);
    if (known !== undefined) return known;
    const module = device.createShaderModule({ label: program.name, code: program.wgsl });
    const made = device.createComputePipeline({ label: program.name, layout, compute: { module, entryPoint: "main" } });
    compiled.set(program, made);
    return made;
  };

  const kept = new Map<string, GPUBindGroup>();
  /** The bind group of operands, the last of which is the params; of equal operands only the first is bound. */
  const groupOf = (operands: readonly Operand[], { group: layout }: Layouts): GPUBindGroup => {
    const key = operands.map((operand) => operand.key).join();
    const known = kept.get(key);
    if (known !== undefined) return known;
    const entries = operands.flatMap((operand, binding) => {
      const { buffer, offset, bytes: size } = operand;
      return operands.indexOf(operand) < binding ? [] : [{ binding, resource: { buffer, offset, size } }];
    });
    const made = device.createBindGroup({ layout, entries });
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, made);
    return made;
  };

  return {
    bind: (program, operands, params) => {
      const first = firstOf(operands);
      const layout = layoutFor(
        first.filter((j, i) => j === i),
        operands.length,
      );
      return { pipeline: pipelineOf(program.shared(first), layout), group: groupOf([...operands, params], layout) };
    },
  };
}
