/** RegNetY as an ONNX file, compared with timm (fixtures/regnet). */
import { expect, it } from "vitest";
import { describe as sayHow, gap } from "../../../src/check/close.ts";
import type { Leaves } from "../../../src/check/host.ts";
import { tolerances } from "../../../src/check/tolerance.ts";
import { writeRegnetOnnx, type RegnetWeights } from "../../../src/io/onnx/writeRegnet.ts";
import type { Stored } from "../../../src/io/safetensors/safetensors.ts";
import { tensorOf } from "../../helpers/fixtures.ts";
import { onOnnxruntime } from "../../helpers/onnxruntime.ts";
import { regnetFixture, under, type RegnetFixture } from "../../helpers/regnet.ts";

/** The network's weights in f64, which the file rounds to f32. */
const weightsOf = ({ config, tensors }: RegnetFixture): RegnetWeights => {
  const stored = [...under(tensors, "weights.")].map(([name, array]): [string, Stored] => [name, { dtype: "F64", ...array }]);
  return { config, classes: null, preprocessing: null, imageSize: null, tensors: new Map(stored) };
};

const { bound } = tolerances.recording.f32;

/** A line that describes the error of the logits if it exceeds the bound; else empty. */
const offOf = (actual: Leaves, expected: Leaves): readonly string[] => {
  const [got, want] = [tensorOf(actual, "logits"), tensorOf(expected, "eval.logits")];
  return gap(got, want) <= bound ? [] : [sayHow("logits", got, want, bound)];
};

it("a RegNetY's file has equal bytes for equal weights", () => {
  const write = (): Uint8Array => writeRegnetOnnx(weightsOf(regnetFixture("two_stage")));
  expect(Buffer.compare(write(), write())).toBe(0);
});

it("a RegNetY's file is refused without its running statistics", () => {
  const weights = weightsOf(regnetFixture("two_stage"));
  const tensors = new Map([...weights.tensors].filter(([name]) => !name.includes("running_var")));
  expect(() => writeRegnetOnnx({ ...weights, tensors })).toThrow("weights: nothing named stem.bn.running_var");
});

onOnnxruntime((run) => {
  it.each(["two_stage", "four_stage"])("%s has timm's logits in evaluation", async (name) => {
    const fixture = regnetFixture(name);
    expect(offOf(await run(writeRegnetOnnx(weightsOf(fixture)), tensorOf(fixture.tensors, "x")), fixture.tensors)).toEqual([]);
  });

  it("images may be of any number and size", async () => {
    const file = writeRegnetOnnx(weightsOf(regnetFixture("two_stage")));
    const logits = tensorOf(await run(file, { shape: [1, 3, 45, 27], data: new Float64Array(3 * 45 * 27) }), "logits");
    expect(logits.shape).toEqual([1, 5]);
  });

  it("a wrong ε is found", async () => {
    const fixture = regnetFixture("two_stage");
    const weights = weightsOf(fixture);
    const wrong = { ...weights, config: { ...weights.config, batchNormEps: 1e-3 } };
    expect(offOf(await run(writeRegnetOnnx(wrong), tensorOf(fixture.tensors, "x")), fixture.tensors)).toHaveLength(1);
  });
});
