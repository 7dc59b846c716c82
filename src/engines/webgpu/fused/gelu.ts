/** GELU (E9), (G11), by elements. */
import { gelu } from "../../../ops/gelu.ts";
import { fuse } from "../../../ops/observe.ts";
import { size } from "../../../tensor/tensor.ts";
import { EACH_PAIR, eachPair } from "../kernels/elementwise.ts";
import { exponential, normal } from "../kernels/math.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

const shared = { params: { n: "u32" }, workgroup: [256, 1, 1], declarations: `${exponential}${normal}` } as const;

const forwardProgram = variants((ofX: Storage, ofY: Storage): Program =>
  program({
    ...shared,
    name: "gelu",
    tensors: { y: ofY, x: ofX },
    main: `${EACH_PAIR}  let x2 = load2_x(pair);
  store2_y(pair, vec2f(gelu(x2.x), gelu(x2.y)));`,
  }),
);

const vjpProgram = variants((ofX: Storage, ofDy: Storage, ofDx: Storage): Program =>
  program({
    ...shared,
    name: "gelu vjp",
    tensors: { dx: ofDx, x: ofX, dy: ofDy },
    main: `${EACH_PAIR}  let x2 = load2_x(pair);
  store2_dx(pair, load2_dy(pair) * vec2f(gelu_slope(x2.x), gelu_slope(x2.y)));`,
  }),
);

export const geluKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  const kernel: typeof gelu = {
    name: gelu.name,
    forward: (_, { x }) => {
      const [y, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      run({ program: forwardProgram(storage(x), storage(y)), params: [n], groups: eachPair(n) }, y, x);
      return { out: y, saved: { x } };
    },
    vjp: (_, { x }, dy) => {
      const [dx, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      run({ program: vjpProgram(storage(x), storage(dy), storage(dx)), params: [n], groups: eachPair(n) }, dx, x, dy);
      return { x: dx };
    },
  };
  return fuse(gelu, kernel);
};
