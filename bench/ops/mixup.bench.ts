import { bytesMoved, drawn, dropped, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { mixup } from "#deit/train/mixing/mixup.js";

/** The images of a batch; the time for the targets is negligible. */
export const bench: OpBench = {
  name: mixup.name,
  cases: (k) => {
    const x = drawn(k, "x", 8, 3, tiny.S, tiny.S);
    const run = dropped(k, () => mixup.run(k, { x }, { lambda: 0.3 }));
    return [{ title: times(...x.shape), phase: "run", bytes: 2 * bytesMoved(x, null), work: { run } }];
  },
};
