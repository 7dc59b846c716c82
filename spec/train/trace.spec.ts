/** A step whose loss is not finite is traced to the first tensor that is wrong. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceEngine, roundedEngine } from "../../src/engines/reference/engine.ts";
import { numbersOf, parseSafetensors, type Stored } from "../../src/io/safetensors/safetensors.ts";
import { readTree, uploadTree } from "../../src/io/weights/trees.ts";
import type { Engine, Precision } from "../../src/kernels/engine.ts";
import type { Kernels, Visitor } from "../../src/kernels/kernels.ts";
import { deitLogits, type DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { observe } from "../../src/ops/observe.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { explainedFailure, traced, type FailedStep, type HostNumbers, type Trace } from "../../src/train/run/trace.ts";
import { indicesOf } from "../../src/train/run/traceText.ts";
import { deitAttrs } from "../../src/train/step/deitTask.ts";
import { objective } from "../../src/train/step/objective.ts";
import { extremesOf } from "../../src/train/trace/extremes.ts";
import { smallestPart, type Part } from "../../src/train/trace/smallestPart.ts";
import type { LossAndGrads } from "../../src/train/trace/trace.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { tiny } from "./tiny.ts";

const config = { ...tiny.model, distilled: false };
const B = 6;
const SIDE = config.imageSize;
type Step = FailedStep<DeitParams, null>;

/** Cross-entropy of a plain model, with a visitor. */
const lossAndGrads =
  (visitor: (k: Kernels) => Visitor = () => ({})): LossAndGrads<DeitParams, null> =>
  (k, { params }, { images, target, teacher }, _, dLoss) => {
    const seen = observe(k, visitor(k));
    const { out, saved } = deitLogits.forward(seen, { images, params }, deitAttrs(k, config));
    const { loss, dLogits } = objective(seen, out, { target, teacher }, { kind: "none" }, dLoss);
    return { loss, grads: deitLogits.vjp(seen, saved, dLogits).params };
  };

const numbers = (shape: readonly number[], of: (i: number) => number): HostNumbers => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
});

const initial = (k: Kernels): { readonly params: DeitParams; readonly buffers: null } => ({
  params: initialParams(k, config, keyOf(1)),
  buffers: null,
});

async function stateOf(change: (name: string, stored: Float64Array) => void = () => undefined): Promise<ReadonlyMap<string, Stored>> {
  const engine = referenceEngine();
  const tensors = await readTree(engine, initial(engine.kernels));
  for (const [name, { data }] of tensors) if (data instanceof Float64Array) change(name, data);
  return tensors;
}

/** The loss of a part on an engine. */
const lossOn =
  (engine: Engine, { batch, state, lossAndGrads: of, key }: Step) =>
  async (part: Part): Promise<number> => {
    const { kernels: k } = engine;
    const rows = ({ shape: [, ...rest], data }: HostNumbers): ReturnType<Kernels["upload"]> => {
      const length = rest.reduce((a, b) => a * b, 1);
      return k.upload([part.end - part.first, ...rest], data.slice(part.first * length, part.end * length));
    };
    let reading: ReturnType<Engine["read"]> = Promise.resolve(new Float32Array());
    k.region("loss", () => {
      const model = uploadTree(k, initial(k), state);
      const { loss } = of(k, model, { images: rows(batch.images), target: rows(batch.target), teacher: null }, key, k.upload([], [1]));
      reading = engine.read(loss);
      return null;
    });
    return (await reading)[0] ?? NaN;
  };

/** A step, on an engine. */
async function stepWith(changes: Partial<Step> = {}, engine: Engine = roundedEngine()): Promise<Step> {
  const step: Step = {
    directory: "",
    step: 812,
    epoch: 3,
    loss: NaN,
    engine: { name: "wasm", precision: "f32" },
    state: await stateOf(),
    initial,
    lossAndGrads: lossAndGrads(),
    batch: {
      images: numbers([B, 1, SIDE, SIDE], (i) => Math.sin(i)),
      target: numbers([B, config.classes], (i) => (i % config.classes === 0 ? 1 : 0)),
      teacher: null,
      samples: [40, 41, 42, 43, 44, 1042],
    },
    key: keyOf(7),
    lossScale: 1,
    lossOf: () => Promise.resolve(0),
    macs: 1,
    ...changes,
  };
  return changes.lossOf === undefined ? { ...step, lossOf: lossOn(engine, step) } : step;
}

const trace = async (changes: Partial<Step>): Promise<Trace> => traced(await stepWith(changes), referenceEngine());

/** An image with one number changed. */
const imagesWith = (index: number, value: number): HostNumbers => numbers([B, 1, SIDE, SIDE], (i) => (i === index ? value : Math.sin(i)));

describe("a planted number is found", () => {
  it.each([NaN, Infinity, -Infinity])("%f in an image", async (value) => {
    const { batch } = await stepWith();
    const found = await trace({ batch: { ...batch, images: imagesWith(5 * 16 + 6, value) } });
    expect(found).toMatchObject({
      found: { role: "images", path: "images", image: 5, beyond: false, element: { index: 6, value } },
      failing: { first: 5, end: 6 },
      repeated: { first: 5, end: 6 },
    });
  });

  it("NaN in the target, and in the teacher's logits", async () => {
    const { batch } = await stepWith();
    const bad = numbers([B, config.classes], (i) => (i === 7 ? NaN : 0));
    expect((await trace({ batch: { ...batch, target: bad } })).found).toMatchObject({ role: "target", image: 2, element: { index: 1 } });
    expect((await trace({ batch: { ...batch, teacher: bad } })).found).toMatchObject({ role: "teacher", image: 2 });
  });

  it("NaN in a weight, by its name in a checkpoint", async () => {
    const state = await stateOf((name, data) => {
      if (name === "params.blocks.1.attn.qkv.weight") data[17] = NaN;
    });
    expect((await trace({ state })).found).toMatchObject({
      role: "parameter",
      path: "blocks.1.attn.qkv.weight",
      element: { index: 17, value: NaN },
      image: null,
    });
  });

  it.each([
    ["forward", "blocks.1.mlp.gelu", "output", null],
    ["forward", "blocks.0.attn.proj", "output", null],
    ["forward", "loss", "output", null],
    ["vjp", "blocks.1.norm2", "gradient", null],
  ] as const)("NaN in the %s of the op %s", async (phase, path, role, input) => {
    const planted = (k: Kernels): Visitor => ({
      replace: (call, t) => {
        if (call.path !== path || call.phase !== phase) return t;
        const length = t.shape.reduce((a, b) => a * b, 1);
        return k.add(
          t,
          k.upload(
            t.shape,
            Array.from({ length }, (_, i) => (i === length - 1 ? NaN : 0)),
          ),
        ); // in the last image
      },
    });
    const { found } = await trace({ lossAndGrads: lossAndGrads(planted), lossOf: () => Promise.resolve(0) });
    expect(found).toMatchObject({ role, path, input, beyond: false, image: path === "loss" ? null : B - 1, element: { value: NaN } });
  });
});

/** Weights with which block 1 overflows. */
const large = (weights: Readonly<Record<string, number>>): Promise<ReadonlyMap<string, Stored>> =>
  stateOf((name, data) => {
    const most = weights[name];
    if (most !== undefined) for (let i = 0; i < data.length; i++) data[i] = Math.sin(i) * most;
  });
const HALF = { "params.blocks.1.mlp.fc1.weight": 6e4 };
const SINGLE = { "params.blocks.1.mlp.fc1.weight": 1e25, "params.blocks.1.mlp.fc2.weight": 1e25 };

describe("a step that is finite in f64", () => {
  const within = (precision: Precision): Pick<Step, "engine" | "lossOf"> => ({
    engine: { name: "any", precision },
    lossOf: () => Promise.resolve(NaN),
  });

  it("is traced to the first tensor beyond the range of f16", async () => {
    const { found } = await trace({ ...within("f16"), state: await large(HALF) });
    expect(found).toMatchObject({ role: "output", path: "blocks.1.mlp.fc1", beyond: true, image: 0 });
    expect(Math.abs(found?.element.value ?? 0)).toBeGreaterThan(65_504);
    expect((await trace({ ...within("f32"), state: await large(HALF) })).found).toBeNull();
  });

  it("is traced to the first tensor beyond the range of f32, which does overflow in f32", async () => {
    const found = await trace({ state: await large(SINGLE) });
    expect(found).toMatchObject({ found: { role: "output", path: "blocks.1.mlp.fc2", beyond: true }, failing: { first: 0, end: 1 } });
  });

  it("has nothing to be found if it is within the range", async () => {
    expect(await trace({})).toEqual({ found: null, failing: null, repeated: { first: 0, end: B } });
  });
});

describe("a large model", () => {
  const together: Step["lossOf"] = ({ first, end }) => Promise.resolve(first < 3 && end > 3 ? NaN : 1);

  it("is repeated on as many images as take two minutes, and at least on one", async () => {
    expect(await trace({ lossOf: together, macs: 2.5e10 })).toMatchObject({
      failing: { first: 0, end: B },
      repeated: { first: 0, end: 2 },
    });
    expect(await trace({ lossOf: together, macs: 1e12 })).toMatchObject({ repeated: { first: 0, end: 1 } });
  });
});

describe("the failure of a step", () => {
  const explained = async (changes: Partial<Step>): Promise<{ readonly line: string; readonly directory: string }> => {
    const directory = temporaryFolder();
    return { directory, line: await explainedFailure(await stepWith({ ...changes, directory }), referenceEngine()) };
  };

  it("is one line that names tensor, image, sample and folder", async () => {
    const { batch } = await stepWith();
    const { line, directory } = await explained({ batch: { ...batch, images: imagesWith(5 * 16 + 6, NaN) } });
    expect(line).toBe(
      "the loss is NaN at step 812 (epoch 3): the first tensor that is not finite is the input " +
        `(image 5 of the batch: sample 1042; NaN at channel 0, row 1, column 2); the batch is in ${directory}/failures/step-812`,
    );
  });

  it.each([
    [
      "a parameter",
      { state: stateOf((name, data) => void (name === "params.norm.weight" && (data[3] = Infinity))) },
      expect.stringContaining("the first tensor that is not finite is the parameter norm.weight (Infinity at [3])"),
    ],
    [
      "an overflow",
      { state: large(HALF), engine: { name: "webgpu", precision: "f16" as const }, lossOf: () => Promise.resolve(NaN) },
      expect.stringMatching(
        /blocks\.1\.mlp\.fc1 reaches \d\.\de5, beyond 65504, the largest number of f16 \(image 0 of the batch: sample 40\)/,
      ),
    ],
    [
      "nothing",
      {},
      expect.stringContaining("every tensor is finite and within the range of f32; the loss is finite when the step is repeated;"),
    ],
    [
      "a part of what fails",
      { lossOf: ({ end, first }: Part) => Promise.resolve(end - first === B ? NaN : 0), macs: 2e10 },
      expect.stringContaining("every tensor is finite and within the range of f32 (of images 0 to 5, the first 3 were repeated);"),
    ],
  ])("names %s", async (_, { state, ...changes }: { readonly state?: Promise<Step["state"]> } & Partial<Omit<Step, "state">>, text) => {
    const { line } = await explained({ ...changes, ...(state === undefined ? {} : { state: await state }) });
    expect(line).toMatch(/^the loss is NaN at step 812 \(epoch 3\): [^\n]+$/);
    expect(line).toEqual(text);
  });

  it("leaves the batch and what was found in the run's folder", async () => {
    const { batch } = await stepWith();
    const teacher = numbers([B, config.classes], (i) => i);
    const images = imagesWith(3, Infinity);
    const { directory, line } = await explained({ batch: { ...batch, images, teacher } });
    const folder = join(directory, "failures/step-812");
    const { tensors } = parseSafetensors(readFileSync(join(folder, "batch.safetensors")));
    const saved = new Map([...tensors].map(([name, stored]) => [name, [...numbersOf(stored)]]));
    expect([...saved.keys()]).toEqual(["images", "target", "teacher", "samples", "key"]);
    expect(saved.get("images")).toEqual([...images.data]);
    expect([saved.get("samples"), saved.get("key"), saved.get("teacher")]).toEqual([batch.samples, [7, 0], [...teacher.data]]);
    const json: unknown = JSON.parse(readFileSync(join(folder, "trace.json"), "utf8"));
    expect(json).toMatchObject({
      step: 812,
      epoch: 3,
      loss: "NaN",
      engine: "wasm",
      precision: "f32",
      found: { role: "images", image: 0, element: { index: 3, value: "Infinity" } },
      failing: { first: 0, end: 1 },
    });
    expect(line).toContain(String(Reflect.get(Object(json), "text")));
  });

  it("frees what it has taken", async () => {
    const reference = referenceEngine();
    await traced(await stepWith(), reference);
    expect(reference.memory().live).toBe(0);
  });
});

onGpu("a loss that overflows in f16 on a device", () => {
  it("is traced to the tensor, in the first image that shows it", async () => {
    const engine = webgpuEngine({ device: await gpuDevice(), precision: "f16" });
    const step = await stepWith({ engine, state: await large(HALF) }, engine);
    expect(Number.isFinite(await step.lossOf({ first: 0, end: B }))).toBe(false);
    const { found, failing } = await traced(step, referenceEngine());
    engine.close();
    expect(found).toMatchObject({ path: "blocks.1.mlp.fc1", beyond: true });
    expect(failing).toEqual({ first: 0, end: 1 });
  });
});

it("a flat index is that of an element", () => {
  expect([indicesOf([2, 3, 4], 0), indicesOf([2, 3, 4], 23), indicesOf([2, 3, 4], 13), indicesOf([], 0)]).toEqual([[0, 0, 0], [1, 2, 3], [1, 0, 1], []]); // prettier-ignore
});

describe("extremes of a tensor", () => {
  it("are its first number that is not finite and its largest", async () => {
    const engine = referenceEngine();
    const value = fc.oneof(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), fc.constantFrom(NaN, Infinity, -Infinity, 0, -0));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const t = engine.kernels.upload([values.length], values);
        const { notFinite, largest } = await extremesOf(engine, t);
        engine.release(t);
        const at = values.findIndex((x) => !Number.isFinite(x));
        expect(notFinite).toEqual(at < 0 ? null : { index: at, value: values[at] });
        const magnitudes = values.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0));
        expect(Math.abs(largest.value)).toBe(Math.max(...magnitudes));
        expect(magnitudes.indexOf(Math.max(...magnitudes))).toBe(largest.index);
      }),
    );
    expect(engine.memory().live).toBe(0);
  });
});

describe("the smallest part that fails", () => {
  it("is the first of the images that fail by themselves", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (bad) => {
        const first = bad.indexOf(true);
        const part = await smallestPart(bad.length, async ({ first: a, end: b }) => bad.slice(a, b).includes(true));
        expect(part).toEqual(first < 0 ? null : { first, end: first + 1 });
      }),
    );
  });

  it("stays whole where only both halves together fail", async () => {
    expect(await smallestPart(8, async ({ first, end }) => first <= 3 && end > 4)).toEqual({ first: 0, end: 8 });
  });
});
