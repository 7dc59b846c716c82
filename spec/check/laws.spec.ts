import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { worstLaw } from "../../src/check/laws/laws.ts";
import { subjectOf } from "../../src/check/laws/subject.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { defineOp, type Op } from "../../src/ops/op.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

interface X {
  readonly x: Tensor;
}

/** 0·x, whose VJP returns NaN. */
const nan: Op<X, null> = defineOp<X, null>({
  name: "nan",
  forward: (k, { x }) => ({ out: k.scale(x, 0), saved: null }),
  vjp: (k, _, d) => ({ x: k.log(k.addScalar(k.scale(d, 0), -1)) }),
});

describe("the worst law", () => {
  // a NaN error was overwritten by the next law that held
  it("is one whose error is NaN, even if later laws hold", async () => {
    const draw = drawOf(keyOf(1));
    const subject = subjectOf(nan, (drawn) => ({ inputs: { x: drawn.array([2, 3]) }, attrs: () => undefined }));
    expect((await worstLaw(subject, { engine: referenceEngine(), reference: referenceEngine() }, draw)).share).toBe(Infinity);
  });
});
