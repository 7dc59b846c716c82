/** Pixels normalised channel by channel, in one launch. */
import { fuse } from "../../../ops/observe.ts";
import { axis, size } from "../../../tensor/tensor.ts";
import { normalisePixels } from "../../../train/mixing/normalisePixels.ts";
import { EACH_PAIR, eachPair } from "../kernels/elementwise.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** Of a pair of elements, which may be of two channels. */
const pixelsProgram = variants((ofX: Storage, ofMean: Storage, ofDeviation: Storage, ofOut: Storage): Program =>
  program({
    name: "normalisePixels",
    tensors: { out: ofOut, x: ofX, mean: ofMean, deviation: ofDeviation },
    params: { n: "u32", channels: "u32", pixels: "u32" },
    workgroup: [256, 1, 1],
    declarations: `
fn normalised(x: f32, i: u32) -> f32 {
  let c = (i / p.pixels) % p.channels;
  return (x - load_mean(c)) / load_deviation(c);
}
`,
    main: `${EACH_PAIR}  let x2 = load2_x(pair);
  store2_out(pair, vec2f(normalised(x2.x, 2u * pair), normalised(x2.y, 2u * pair + 1u)));`,
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
      run({ program: made, params: [n, C, axis(x.shape, 2) * axis(x.shape, 3)], groups: eachPair(n) }, out, x, mean, std);
      return out;
    },
  };
  return fuse(normalisePixels, kernel);
};
