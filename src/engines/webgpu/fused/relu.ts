/** ReLU: a thread for each pair of elements. NaN stays NaN. */
import { fuse } from "../../../ops/observe.ts";
import { relu } from "../../../teacher/relu.ts";
import { size } from "../../../tensor/tensor.ts";
import { pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Storage } from "../accessors.ts";
import { memoized, type Program } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

const forwardProgram = memoized((ofX: Storage, ofY: Storage): Program =>
  pairProgram({
    name: "relu",
    tensors: { y: ofY, x: ofX },
    along: ["x"],
    covers: ["y"],
    main: (pair) => `  let x2 = load2_x(${pair});
  store2_y(${pair}, select(x2, vec2f(), x2 <= vec2f()));`,
  }),
);

const vjpProgram = memoized((ofY: Storage, ofDy: Storage, ofDx: Storage): Program =>
  pairProgram({
    name: "relu vjp",
    tensors: { dx: ofDx, y: ofY, dy: ofDy },
    along: ["y", "dy"],
    covers: ["dx"],
    main: (pair) => `  store2_dx(${pair}, select(load2_dy(${pair}), vec2f(), load2_y(${pair}) <= vec2f()));`,
  }),
);

export const reluKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  const kernel: typeof relu = {
    name: relu.name,
    forward: (_, { x }) => {
      const [y, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      run(pairDispatch(forwardProgram(storage(x), storage(y)), n), y, x);
      return { out: y, saved: { y } };
    },
    vjp: (_, { y }, dy) => {
      const [dx, n] = [takeActivation(access, heap, y.shape), size(y.shape)];
      run(pairDispatch(vjpProgram(storage(y), storage(dy), storage(dx)), n), dx, y, dy);
      return { x: dx };
    },
  };
  return fuse(relu, kernel);
};
