/** The simplest f32 engine: the reference engine's loops, with every setting and every result rounded to f32. */
import { elementwise } from "../../src/engines/reference/elementwise.ts";
import { matmul } from "../../src/engines/reference/matmul.ts";
import { move } from "../../src/engines/reference/move.ts";
import { reduce } from "../../src/engines/reference/reduce.ts";
import { Block, kernelsOf, Regions, type Loops } from "../../src/engines/region.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { size, type Shape, type Tensor } from "../../src/tensor/tensor.ts";

export function singleEngine(): Engine {
  /** f32 numbers, stored as f64 for the reference engine's loops. */
  class SingleBlock extends Block {
    readonly data: Float64Array;
    constructor(length: number) {
      super();
      this.data = new Float64Array(length);
    }
  }
  let live = 0;
  const regions = new Regions(SingleBlock, ({ data }) => (live -= data.byteLength));
  const take = (shape: Shape): SingleBlock => {
    const block = regions.adopt(new SingleBlock(size(shape)));
    live += block.data.byteLength;
    return block;
  };
  const data = (t: Tensor): Float64Array => regions.live(t, "single").data;
  const exact = { ...elementwise(data), ...reduce(data), ...move(data), matmul: matmul(data) };
  const rounded = ([name, loop]: [string, (out: Tensor, ...args: never[]) => void]): [string, typeof loop] => [
    name,
    (out, ...args) => {
      Reflect.apply(loop, undefined, [out, ...args.map((arg: unknown) => (typeof arg === "number" ? Math.fround(arg) : arg))]);
      data(out).set(Float32Array.from(data(out)));
    },
  ];
  const loops: Loops = { ...exact, ...Object.fromEntries(Object.entries(exact).map(rounded)) };
  return {
    name: "single",
    precision: "f32",
    kernels: kernelsOf({ regions, take, loops, fused: { get: () => undefined }, count: () => undefined }),
    read: (t) => Promise.resolve(Float32Array.from(data(t))),
    release: (tree) => regions.release(tree, "released"),
    reserve: () => undefined,
    plan: () => 0,
    capacity: Infinity,
    memory: () => ({ live, peak: live, fresh: live, reserved: live }),
    counters: () => ({ kernels: 0, macs: 0 }),
    close: () => undefined,
  };
}
