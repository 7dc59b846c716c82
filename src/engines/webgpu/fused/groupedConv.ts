/** Grouped convolution forwards, without its windows: they would be kernel² times the image. The pullback goes by the definition. */
import { windowGrid } from "../../../kernels/rules.ts";
import { fuse, opened } from "../../../ops/observe.ts";
import { groupedConv } from "../../../teacher/conv.ts";
import { axis } from "../../../tensor/tensor.ts";
import { convLaunch } from "../kernels/conv.ts";
import type { FusedKernel } from "./kernel.ts";

export const groupedConvKernel: FusedKernel = ({ facts, run, storage }, { take, count }) => {
  const kernel: typeof groupedConv = {
    name: groupedConv.name,
    forward: (k, inputs, attrs) => {
      const { x, params } = inputs;
      const { weight } = params;
      const { groups, stride, padding } = attrs;
      const [B = 0, C = 0, H = 0, W = 0] = x.shape;
      const [O, side] = [axis(weight.shape, 0), axis(weight.shape, -1)];
      const fits = Number.isInteger(groups) && groups > 0 && C === groups * axis(weight.shape, 1) && O % groups === 0;
      if (facts.software || !fits) return groupedConv.forward(opened(k, groupedConv), inputs, attrs); // which refuses what does not fit
      const [rows, across] = windowGrid(H, W, { kernel: side, stride, padding });
      if (rows < 1 || across < 1) return groupedConv.forward(opened(k, groupedConv), inputs, attrs);
      const y = take([B, O, rows, across]);
      const sizes = { images: B, channels: C, height: H, width: W, outputs: O, rows, across, groups, kernel: side, stride, padding };
      const launch = convLaunch(sizes, storage(x));
      run(launch, y, x, weight);
      count(launch.macs ?? 0);
      return { out: y, saved: { x, weight, ...attrs } };
    },
    vjp: (k, saved, dy) => groupedConv.vjp(opened(k, groupedConv), saved, dy),
  };
  return fuse(groupedConv, kernel);
};
