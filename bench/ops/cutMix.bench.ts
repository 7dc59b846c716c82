import { bytesMoved, drawn, dropped, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { cutMix, cutMixBox } from "#deit/train/mixing/cutMix.js";

/** A box over half of each image, away from the edges. */
export const bench: OpBench = {
  name: cutMix.name,
  cases: (k) => {
    const { S } = tiny;
    const x = drawn(k, "x", 8, 3, S, S);
    const { box } = cutMixBox({ H: S, W: S, lambda: 0.5, centre: { y: S / 2, x: S / 2 }, rule: "deit" });
    const run = dropped(k, () => cutMix.run(k, { x }, box));
    return [{ title: times(...x.shape), phase: "run", bytes: 2 * bytesMoved(x, null), work: { run } }];
  },
};
