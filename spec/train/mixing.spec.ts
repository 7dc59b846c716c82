/** Mixup, CutMix and normalisePixels on an engine, compared with timm (fixtures/mixup) and with the host's pixels, and their errors. */
import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { evaluate, evaluateOne, type HostArray } from "../../src/check/host.ts";
import { normalisedTensor } from "../../src/data/images/preprocess.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { smoothOverAll } from "../../src/losses/labelSmoothing.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { cutMix, cutMixBox, type Box, type BoxRule, type Span } from "../../src/train/mixing/cutMix.ts";
import { mixup } from "../../src/train/mixing/mixup.ts";
import { normalisePixels } from "../../src/train/mixing/normalisePixels.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { tensorOf, tensorsOf, textOf } from "../helpers/fixtures.ts";

type Corners = readonly [top: number, bottom: number, left: number, right: number];

interface Draws {
  readonly H: number;
  readonly W: number;
  readonly lam: number;
  readonly cy: number;
  readonly cx: number;
}

interface Case extends Draws {
  readonly name: string;
  readonly rule: BoxRule;
  readonly kind: "mixup" | "cutmix";
  readonly K: number;
  readonly smoothing: number;
  readonly lam_out: number;
}

interface Boxed {
  readonly box_rows_cols: Corners;
  readonly lam_out: number;
}

interface Fixture {
  readonly cases: readonly Case[];
  readonly boxes: readonly (Draws & { readonly [R in BoxRule]: Boxed })[];
  readonly tolerance: { readonly f32: number; readonly f64: number };
}

const { cases, boxes, tolerance }: Fixture = JSON.parse(textOf("mixup/mixup.json"));
const tensors = tensorsOf("mixup/mixup.safetensors");

const boxOf = ({ H, W, lam, cy, cx }: Draws, rule: BoxRule): ReturnType<typeof cutMixBox> =>
  cutMixBox({ H, W, lambda: lam, centre: { y: cy, x: cx }, rule });

const ofKind = (kind: Case["kind"]): readonly (readonly [name: string, one: Case])[] =>
  cases.filter((one) => one.kind === kind).map((one) => [one.name, one]);

/** The name of a case's images, on which both rules are tried. */
const idOf = (name: string): string => name.split(".")[0] ?? "";

const cornersOf = ({ rows, columns }: Box): Corners => [...rows, ...columns];

describe("boxes", () => {
  it.each(["deit", "timm"] as const)("are timm's by rule %s, and so is λ", (rule) => {
    for (const drawn of boxes) {
      const { box, lambda } = boxOf(drawn, rule);
      expect({ box: cornersOf(box), lambda }).toEqual({ box: drawn[rule].box_rows_cols, lambda: drawn[rule].lam_out });
    }
    expect(boxes).toHaveLength(200);
  });

  it.each([
    [{ lambda: -0.1 }, "cutMixBox: lambda must be in [0, 1], got -0.1"],
    [{ lambda: NaN }, "cutMixBox: lambda must be in [0, 1], got NaN"],
    [{ centre: { y: 4, x: 0 } }, "cutMixBox: the centre must be a pixel of 4×5, got (4, 0)"],
    [{ centre: { y: 0, x: 0.5 } }, "cutMixBox: the centre must be a pixel of 4×5, got (0, 0.5)"],
  ])("of %j are refused", (wrong, message) => {
    expect(() => cutMixBox({ H: 4, W: 5, lambda: 0.5, centre: { y: 0, x: 0 }, rule: "deit", ...wrong })).toThrow(message);
  });
});

onEachEngine(({ made }) => {
  const bound = async (): Promise<number> => tolerance[(await made).engine.precision === "f64" ? "f64" : "f32"];

  /** The fixture's tensor in f64 for an f64 engine, else timm's in f32. */
  const asComputed = async (name: string): Promise<HostArray> =>
    tensorOf(tensors, (await made).engine.precision === "f64" ? `${name}_f64` : name);

  it.each(cases.map((one) => [one.name, one] as const))("timm's %s: targets", async (name, { K, smoothing, lam_out }) => {
    const labels = tensorOf(tensors, `${idOf(name)}.labels`);
    const out = await evaluateOne((await made).engine, (k) =>
      mixup.run(k, { x: smoothOverAll(k, k.upload(labels.shape, labels.data), K, smoothing) }, { lambda: lam_out }),
    );
    expect(gap(out, await asComputed(`${name}.target`))).toBeLessThanOrEqual(await bound());
  });

  it.each(ofKind("mixup"))("timm's %s: images", async (name, { lam }) => {
    const x = tensorOf(tensors, `${idOf(name)}.x`);
    const out = await evaluateOne((await made).engine, (k) => mixup.run(k, { x: k.upload(x.shape, x.data) }, { lambda: lam }));
    expect(gap(out, await asComputed(`${name}.out`))).toBeLessThanOrEqual(await bound());
  });

  it.each(ofKind("cutmix"))("timm's %s: images, bitwise identical", async (name, one) => {
    const x = tensorOf(tensors, `${idOf(name)}.x`);
    const { box, lambda } = boxOf(one, one.rule);
    const out = await evaluateOne((await made).engine, (k) => cutMix.run(k, { x: k.upload(x.shape, x.data) }, box));
    expect({ gap: gap(out, tensorOf(tensors, `${name}.out`)), lambda }).toEqual({ gap: 0, lambda: one.lam_out });
  });

  it("pixels are normalised as torchvision normalises bytes", async () => {
    const [C, S, mean, std] = [3, 5, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];
    const bytes = Uint8Array.from({ length: S * S * C }, (_, i) => (i * 37) % 256);
    const channelsFirst = Float64Array.from(
      { length: bytes.length },
      (_, i) => (bytes[(i % (S * S)) * C + Math.floor(i / (S * S))] ?? 0) / 255,
    );
    const { engine } = await made;
    const out = await evaluateOne(engine, (k) =>
      normalisePixels.run(k, { x: k.upload([1, C, S, S], channelsFirst), mean: k.upload([C], mean), std: k.upload([C], std) }),
    );
    const ofImage = normalisedTensor({ data: bytes, width: S, height: S, channels: C }, { mean, std });
    expect(gap(out, { shape: out.shape, data: Float64Array.from(ofImage) })).toBeLessThanOrEqual(tolerance.f32);
  });

  it("inputs that do not fit are refused", async () => {
    const { engine } = await made;
    const refusal = (f: (image: (...shape: number[]) => Tensor) => unknown): (() => unknown) => {
      const { kernels: k } = engine;
      return () => k.region("refused", () => void f((...shape) => k.zeros(shape)));
    };
    const { kernels: k } = engine;
    const box = (rows: Span, columns: Span): Box => ({ rows, columns });
    const [whole, beyond] = [box([0, 2], [0, 2]), box([0, 2], [1, 3])];
    expect(refusal((image) => mixup.run(k, { x: image(3, 2) }, { lambda: 0.5 }))).toThrow("mixup: the batch must be even, got [3, 2]");
    expect(refusal((image) => mixup.run(k, { x: image(2) }, { lambda: 1.5 }))).toThrow("mixup: lambda must be in [0, 1], got 1.5");
    expect(refusal((image) => cutMix.run(k, { x: image(1, 1, 2, 2) }, whole))).toThrow("cutMix: the batch must be even");
    expect(refusal((image) => cutMix.run(k, { x: image(2, 2, 2) }, whole))).toThrow("cutMix: images must be [B, C, H, W], got [2, 2, 2]");
    expect(refusal((image) => cutMix.run(k, { x: image(2, 1, 2, 2) }, beyond))).toThrow(
      "cutMix: rows 0 … 2 and columns 1 … 3 are no box in 2×2",
    );
    expect(refusal((image) => normalisePixels.run(k, { x: image(1, 3, 2, 2), mean: image(3), std: image(1) }))).toThrow(
      "normalisePixels: std must be [C] with C = 3 (from x), got [1]",
    );
  });
});

it("mixing leaves its inputs unchanged", async () => {
  const left = await evaluate(referenceEngine(), (k) => {
    const x = k.upload([2, 1, 1, 1], [1, 2]);
    const out = cutMix.run(k, { x: mixup.run(k, { x }, { lambda: 0.25 }) }, { rows: [0, 1], columns: [0, 1] });
    return { x, out };
  });
  expect([...left].map(([name, { data }]) => [name, ...data])).toEqual([
    ["x", 1, 2],
    ["out", 1.25, 1.75],
  ]);
});
