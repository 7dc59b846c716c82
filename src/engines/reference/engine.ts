/** The reference engine: f64, the plainest correct loops, one order of summation. It stays plain even where it could be faster. */
import type { Engine, Precision } from "../../kernels/engine.ts";
import { size, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { counter } from "../counters.ts";
import { Block, kernelsOf, Regions } from "../region.ts";
import type { Numbers } from "./data.ts";
import { elementwise } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { move } from "./move.ts";
import { reduce } from "./reduce.ts";

/** Regions decide which tensors are alive; the garbage collector frees their memory. */
function engineOf(name: string, precision: Precision, numbers: (length: number) => Numbers): Engine {
  class ReferenceBlock extends Block {
    readonly data: Numbers;
    constructor(length: number) {
      super();
      this.data = numbers(length);
    }
  }
  const bytes = { live: 0, peak: 0, fresh: 0 };
  const { count, counters } = counter();
  const regions = new Regions(ReferenceBlock, ({ data }) => (bytes.live -= data.byteLength));
  const take = (shape: Shape): ReferenceBlock => {
    const block = regions.adopt(new ReferenceBlock(size(shape)));
    bytes.live += block.data.byteLength;
    bytes.fresh += block.data.byteLength;
    bytes.peak = Math.max(bytes.peak, bytes.live);
    return block;
  };
  const data = (t: Tensor): Numbers => regions.live(t, "reference").data;
  const loops = { ...elementwise(data), ...reduce(data), ...move(data), matmul: matmul(data) };
  return {
    name,
    precision,
    kernels: kernelsOf({ regions, take, loops, fused: { get: () => undefined }, count }),
    read: (t) => Promise.resolve(regions.live(t, "read").data.slice()),
    readNow: (t) => regions.live(t, "read").data.slice(),
    release: (tree) => regions.release(tree, "released"),
    reserve: () => undefined,
    plan: () => 0,
    capacity: Infinity,
    memory: () => ({ ...bytes, reserved: bytes.live }),
    counters,
    close: () => undefined,
  };
}

/** A new reference engine: f64, one thread, the plainest loops. All other engines are compared with it. */
export const referenceEngine = (): Engine => engineOf("reference", "f64", (length) => new Float64Array(length));

/** The same loops with every number rounded to f32 when it is stored. Compared with the reference, it shows the rounding error of f32. */
export const roundedEngine = (): Engine => engineOf("reference in f32", "f32", (length) => new Float32Array(length));
