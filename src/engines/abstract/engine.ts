/** The abstract engine: shapes, multiply–adds and bytes of a program in f32, and no numbers. What it counts is what an f32 heap would use. */
import type { Engine } from "../../kernels/engine.ts";
import { size, type Shape } from "../../tensor/tensor.ts";
import { Heap } from "../heap.ts";
import { Block, kernelsOf, Regions } from "../region.ts";

const BYTES_PER_ELEMENT = 4;

/** Runs any model code at no cost; `read` has nothing to give and rejects. */
export function abstractEngine(): Engine {
  class AbstractBlock extends Block {
    readonly address: number;
    readonly bytes: number;
    constructor(address: number, bytes: number) {
      super();
      this.address = address;
      this.bytes = bytes;
    }
  }
  const heap = new Heap();
  const done = { kernels: 0, macs: 0 };
  const regions = new Regions(AbstractBlock, ({ address, bytes }) => heap.give(address, bytes));
  const take = (shape: Shape): AbstractBlock => {
    const bytes = size(shape) * BYTES_PER_ELEMENT;
    return regions.adopt(new AbstractBlock(heap.take(bytes), bytes));
  };
  const count = (kernels: number, macs: number): void => {
    done.kernels += kernels;
    done.macs += macs;
  };
  return {
    name: "abstract",
    kernels: kernelsOf({ regions, take, loops: null, fused: { get: () => undefined }, count }),
    read: () => Promise.reject(new Error("abstract: this engine has shapes and no numbers")),
    release: (tree) => regions.release(tree, "released"),
    memory: () => {
      const { live, peak, top } = heap.report();
      return { live, peak, fresh: top, reserved: top };
    },
    counters: () => ({ ...done }),
  };
}
