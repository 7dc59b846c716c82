/** Resized position embeddings, in both conventions, against PyTorch and timm (fixtures/posembed). */
import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { evaluateOne, hostArray, type HostArray } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { positionResize, resizeMatrix, type PositionResizeAttrs, type Resampling } from "../../src/ops/positionResize.ts";
import { distance } from "../helpers/distance.ts";
import { tensorOf, tensorsOf, textOf } from "../helpers/fixtures.ts";

interface Case {
  readonly name: string;
  readonly convention: Resampling;
  readonly n: number;
  readonly m: number;
  readonly prefix: number;
}

const { cases, tolerance }: { cases: readonly Case[]; tolerance: { f64: number; f32: number } } = JSON.parse(
  textOf("posembed/posembed.json"),
);
const tensors = tensorsOf("posembed/posembed.safetensors");

const attrsOf = ({ convention, n, m, prefix }: Case): PositionResizeAttrs => ({ from: [n, n], to: [m, m], prefix, resampling: convention });

const resized = (test: Case): Promise<HostArray> => {
  const { shape, data } = tensorOf(tensors, `${test.name}.x`);
  return evaluateOne(referenceEngine(), (k) => positionResize.forward(k, { pos: k.upload(shape, data) }, attrsOf(test)).out);
};

const gradient = (test: Case): Promise<HostArray> => {
  const [x, cotangent] = [tensorOf(tensors, `${test.name}.x`), tensorOf(tensors, `${test.name}.cotangent`)];
  return evaluateOne(referenceEngine(), (k) => {
    const { saved } = positionResize.forward(k, { pos: k.upload(x.shape, x.data) }, attrsOf(test));
    return positionResize.vjp(k, saved, k.upload(cotangent.shape, cotangent.data)).pos;
  });
};

describe.each(cases.map((test) => [test.name, test] as const))("%s", (name, test) => {
  const { convention, n, m } = test;

  it("the matrix is PyTorch's", () => {
    const expected = tensorOf(tensors, `R.${convention}.${n}to${m}`);
    expect(gap(hostArray([m, n], resizeMatrix(n, m, convention)), expected)).toBeLessThanOrEqual(tolerance.f64);
  });

  it.each([
    ["the resized embedding is PyTorch's", "y", resized],
    ["the VJP is autograd's", "x_grad", gradient],
  ])("%s", async (_, suffix, compute) => {
    expect(gap(await compute(test), tensorOf(tensors, `${name}.${suffix}`))).toBeLessThanOrEqual(tolerance.f64);
  });

  it("the resized embedding agrees with PyTorch in f32, which is used in practice", async () => {
    expect(distance(await resized(test), tensorOf(tensors, `${name}.y_f32`))).toBeLessThanOrEqual(tolerance.f32);
  });
});
