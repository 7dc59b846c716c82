/** Pixels normalised channel by channel, in one dispatch. */
import { fuse } from "../../../ops/observe.ts";
import { axis, size } from "../../../tensor/tensor.ts";
import { normalisePixels } from "../../../train/mixing/normalisePixels.ts";
import { pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Storage } from "../accessors.ts";
import { declare, memoized, type Program } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** The elements of a pair may belong to two channels. */
const pixelsProgram = memoized((ofX: Storage, ofMean: Storage, ofDeviation: Storage, ofOut: Storage): Program =>
  pairProgram({
    name: "normalisePixels",
    tensors: { out: ofOut, x: ofX, mean: ofMean, deviation: ofDeviation },
    params: { channels: "u32", pixels: "u32" },
    declarations: [
      declare(`
fn normalised(x: f32, i: u32) -> f32 {
  let c = (i / p.pixels) % p.channels;
  return (x - load_mean(c)) / load_deviation(c);
}
`),
    ],
    main: (pair) => `  let x2 = load2_x(${pair});
  store2_out(${pair}, vec2f(normalised(x2.x, 2u * ${pair}), normalised(x2.y, 2u * ${pair} + 1u)));`,
  }),
);

export const normalisePixelsKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  const kernel: typeof normalisePixels = {
    name: normalisePixels.name,
    run: (_, inputs) => {
      const { x, mean, std } = inputs;
      const [out, n, C] = [takeActivation(access, heap, x.shape), size(x.shape), axis(x.shape, 1)];
      const made = pixelsProgram(storage(x), storage(mean), storage(std), storage(out));
      run(pairDispatch(made, n, [C, axis(x.shape, 2) * axis(x.shape, 3)]), out, x, mean, std);
      return out;
    },
  };
  return fuse(normalisePixels, kernel);
};
