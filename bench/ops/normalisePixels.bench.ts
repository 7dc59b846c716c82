import { bytesMoved, drawn, dropped, times, tiny, type OpBench } from "#deit/bench/opBench.js";
import { normalisePixels } from "#deit/train/mixing/normalisePixels.js";

export const bench: OpBench = {
  name: normalisePixels.name,
  cases: (k) => {
    const x = drawn(k, "x", 8, 3, tiny.S, tiny.S);
    const [mean, std] = [k.upload([3], [0.485, 0.456, 0.406]), k.upload([3], [0.229, 0.224, 0.225])];
    const run = dropped(k, () => normalisePixels.run(k, { x, mean, std }));
    return [{ title: times(...x.shape), phase: "run", bytes: 2 * bytesMoved(x, null), work: { run } }];
  },
};
