/** GELU (E9), (G11): a thread for each pair of elements. */
import { gelu } from "../../../ops/gelu.ts";
import { fuse } from "../../../ops/observe.ts";
import { size } from "../../../tensor/tensor.ts";
import { pairDispatch, pairProgram } from "../kernels/perElement.ts";
import { normal } from "../kernels/math.ts";
import type { Storage } from "../accessors.ts";
import { memoized, type Program } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

const forwardProgram = memoized((ofX: Storage, ofY: Storage): Program =>
  pairProgram({
    name: "gelu",
    tensors: { y: ofY, x: ofX },
    along: ["x"],
    covers: ["y"],
    declarations: [normal],
    main: (pair) => `  let x2 = load2_x(${pair});
  store2_y(${pair}, vec2f(gelu(x2.x), gelu(x2.y)));`,
  }),
);

const vjpProgram = memoized((ofX: Storage, ofDy: Storage, ofDx: Storage): Program =>
  pairProgram({
    name: "gelu vjp",
    tensors: { dx: ofDx, x: ofX, dy: ofDy },
    along: ["x", "dy"],
    covers: ["dx"],
    declarations: [normal],
    main: (pair) => `  let x2 = load2_x(${pair});
  store2_dx(${pair}, load2_dy(${pair}) * vec2f(gelu_slope(x2.x), gelu_slope(x2.y)));`,
  }),
);

export const geluKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  const kernel: typeof gelu = {
    name: gelu.name,
    forward: (_, { x }) => {
      const [y, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      run(pairDispatch(forwardProgram(storage(x), storage(y)), n), y, x);
      return { out: y, saved: { x } };
    },
    vjp: (_, { x }, dy) => {
      const [dx, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      run(pairDispatch(vjpProgram(storage(x), storage(dy), storage(dx)), n), dx, x, dy);
      return { x: dx };
    },
  };
  return fuse(gelu, kernel);
};
