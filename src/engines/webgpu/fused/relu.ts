/** ReLU, by elements. What is no number stays none. */
import { fuse } from "../../../ops/observe.ts";
import { relu } from "../../../teacher/relu.ts";
import { size } from "../../../tensor/tensor.ts";
import { EACH_PAIR, eachPair } from "../kernels/elementwise.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

const shared = { params: { n: "u32" }, workgroup: [256, 1, 1] } as const;

const forwardProgram = variants((ofX: Storage, ofY: Storage): Program =>
  program({
    ...shared,
    name: "relu",
    tensors: { y: ofY, x: ofX },
    main: `${EACH_PAIR}  let x2 = load2_x(pair);
  store2_y(pair, select(x2, vec2f(), x2 <= vec2f()));`,
  }),
);

const vjpProgram = variants((ofY: Storage, ofDy: Storage, ofDx: Storage): Program =>
  program({
    ...shared,
    name: "relu vjp",
    tensors: { dx: ofDx, y: ofY, dy: ofDy },
    main: `${EACH_PAIR}  store2_dx(pair, select(load2_dy(pair), vec2f(), load2_y(pair) <= vec2f()));`,
  }),
);

export const reluKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  const kernel: typeof relu = {
    name: relu.name,
    forward: (_, { x }) => {
      const [y, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      run({ program: forwardProgram(storage(x), storage(y)), params: [n], groups: eachPair(n) }, y, x);
      return { out: y, saved: { y } };
    },
    vjp: (_, { y }, dy) => {
      const [dx, n] = [takeActivation(access, heap, y.shape), size(y.shape)];
      run({ program: vjpProgram(storage(y), storage(dy), storage(dx)), params: [n], groups: eachPair(n) }, dx, y, dy);
      return { x: dx };
    },
  };
  return fuse(relu, kernel);
};
