import { describe, expect, it } from "vitest";
import { adapterNamed, adapters, nvidia, type Adapter } from "../../src/bench/adapters.ts";
import { exactly, type Sourced } from "../../src/bench/costs/estimate.ts";
import { hostRates, type AdapterRates, type HostRates } from "../../src/bench/costs/rates.ts";
import { forecast, largestBatch, type ForecastSettings } from "../../src/bench/forecast.ts";
import { forwardProgram } from "../../src/bench/forward.ts";
import { costOf, ownCost, type Cost, type ProfileNode } from "../../src/bench/profileTree.ts";
import type { Program } from "../../src/bench/program.ts";
import { benchTeacher } from "../../src/bench/model.ts";
import { hoursOf, projected, stages, viewsOfEpoch, type Stage } from "../../src/bench/projection.ts";
import { trainProgram } from "../../src/bench/train.ts";
import { countedLoops } from "../../src/engines/abstract/arithmetic.ts";
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { deitConfig, tokenCount } from "../../src/model/config.ts";
import { regnetConfig } from "../../src/teacher/config.ts";
import { MemoryError } from "../../src/tensor/errors.ts";
import type { Shape, Tensor } from "../../src/tensor/tensor.ts";

/** Time between two dispatches, in ms. */
const DISPATCH = 0.002;
const always = (x: number): Sourced => ({ ...exactly(x), sources: [] });
/** Round rates: per nanosecond 1 FLOP in f32, 4 FLOP of f16 matrix multiplications, and 1 byte. */
const roundRates: AdapterRates = {
  units: always(4e9),
  f32: always(1e9),
  arithmetic: always(1e9),
  memory: always(1e9),
  latency: always(DISPATCH / 1e3),
  upload: always(1e9),
};
const round: Adapter = { title: "", f32: 1e9, f16: 4e9, bandwidth: 1e9, memory: 1e9, source: "", reported: nvidia, rates: roundRates };
const idle: HostRates = { host: always(0), copy: always(Infinity) };
const on = (rates: Partial<AdapterRates>, precision: "f32" | "f16"): ForecastSettings => ({
  adapter: { ...round, rates: { ...roundRates, ...rates } },
  precision,
  host: idle,
});

/** A program whose run is f on zeros. */
const programOf = (shapes: readonly Shape[], f: (k: Kernels, ...tensors: readonly Tensor[]) => Tensor): Program => ({
  work: (k) => {
    const tensors = shapes.map((shape) => k.zeros(shape));
    return { run: () => k.region("run", () => void f(k, ...tensors)) };
  },
  lean: null,
});

const multiplication = programOf(
  [
    [64, 128],
    [128, 192],
  ],
  (k, a, b) => k.matmul(a ?? k.zeros([]), b ?? k.zeros([])),
);
const exponential = programOf([[1000, 256]], (k, a) => k.exp(a ?? k.zeros([])));

const nodesOf = (node: ProfileNode): readonly ProfileNode[] => [node, ...node.children.flatMap(nodesOf)];

describe("a forecast", () => {
  it("of a matrix multiplication is bound by its multiply–adds", () => {
    const macs = 64 * 128 * 192;
    const bytes = 4 * (64 * 128 + 128 * 192 + 64 * 192);
    const found = forecast(multiplication, 1, { adapter: round, precision: "f32" });
    expect(costOf(found.root)).toMatchObject({ macs, dispatches: 1, bytes });
    expect(costOf(found.root).ms).toBeCloseTo((2 * macs) / 1e6 + DISPATCH, 9);
    expect(found.flop).toBe(2 * macs);
  });

  it("of a matrix multiplication in f16 uses the rate of matrix units, and is bound by memory where memory is slow", () => {
    const macs = 64 * 128 * 192;
    const bytes = 4 * (64 * 128 + 128 * 192 + 64 * 192);
    const ms = (rates: Partial<AdapterRates>): number => costOf(forecast(multiplication, 1, on(rates, "f16")).root).ms;
    expect(ms({})).toBeCloseTo((2 * macs) / 4e6 + DISPATCH, 9);
    expect(ms({ memory: always(1e8) })).toBeCloseTo(bytes / 1e5 + DISPATCH, 9);
  });

  it("of an elementwise function is bound by arithmetic or by memory, whichever is slower", () => {
    const ms = (rates: Partial<AdapterRates>): number => costOf(forecast(exponential, 1, on(rates, "f16")).root).ms;
    expect(ms({})).toBeCloseTo((27 * 256_000) / 1e6 + DISPATCH, 9);
    expect(ms({ arithmetic: always(1e12) })).toBeCloseTo((2 * 4 * 256_000) / 1e6 + DISPATCH, 9);
  });

  it("of a step takes as long as the device or the host, whichever takes longer", () => {
    const at = (host: Partial<HostRates>): object => forecast(exponential, 1, { ...on({}, "f32"), host: { ...idle, ...host } }).cost;
    const device = exactly(27 * 0.256 + DISPATCH);
    const busy = { host: always(1) };
    expect(at({})).toMatchObject({ device, host: exactly(0), step: device });
    expect(at(busy)).toMatchObject({ device, host: exactly(1000), step: exactly(1000) });
  });

  it("has a term for each thing that takes time, and the terms add up", () => {
    const config = deitConfig("deit-tiny", { imageSize: 32, depth: 1 });
    const whole = { teacher: null, scaledLoss: true, whole: true };
    const { cost, root } = forecast(trainProgram(config, "normal", whole), 2, on({}, "f16"));
    const { terms, device } = cost;
    const sum = Object.values(terms).reduce((all, { ms }) => all + ms.expected, 0);
    expect(sum).toBeCloseTo(device.expected, 6);
    expect(costOf(root).ms).toBeCloseTo(device.expected - terms.upload.ms.expected, 6);
    expect(terms.upload.amount).toBeGreaterThanOrEqual(2 * 3 * 32 * 32);
    expect(terms.latency.amount).toBe(costOf(root).dispatches);
    expect(terms.memory.amount).toBe(costOf(root).traffic);
    expect(terms.units.amount + terms.f32.amount).toBe(2 * costOf(root).executed);
  });

  it("of DeiT-B has the multiply–adds of (E29), and the FLOP of the formulas", () => {
    const config = deitConfig("deit-base");
    const program = forwardProgram(config);
    const { root, flop } = forecast(program, 1, { adapter: round, precision: "f32" });
    const [T, D] = [tokenCount(config), config.width];
    const macs = 196 * 768 * D + 12 * (12 * T * D ** 2 + 2 * T ** 2 * D) + D * 1000;
    expect(costOf(root).macs).toBe(macs);
    expect(macs / 1e9).toBeCloseTo(17.564, 3); // deit.md 4.1
    let counted = 0;
    const { kernels } = abstractEngine(
      undefined,
      countedLoops((some) => {
        counted += some;
      }),
    );
    const { run } = program.work(kernels, 1);
    counted = 0;
    run();
    expect(flop).toBe(counted);
  });

  it("of a training step adds up over the paths, and plans its memory", () => {
    const config = deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 2 });
    const { root, memory } = forecast(trainProgram(config, "normal"), 2, { adapter: round, precision: "f32" });
    const sum = (key: keyof Cost): number => nodesOf(root).reduce((all, node) => all + ownCost(node)[key], 0);
    const { ms, macs, dispatches, bytes, traffic, executed } = costOf(root);
    expect([sum("macs"), sum("dispatches"), sum("bytes")]).toEqual([macs, dispatches, bytes]);
    expect([sum("traffic"), sum("executed")]).toEqual([traffic, executed]);
    expect(sum("ms")).toBeCloseTo(ms, 9);
    expect(nodesOf(root).map(({ name }) => name)).toContain("blocks.*");
    const low = forecast(trainProgram(config, "low"), 2, { adapter: round, precision: "f32" });
    expect(low.memory).toBeLessThan(memory);
  });

  it("finds the largest batch that fits", () => {
    const program = forwardProgram(deitConfig("deit-tiny"));
    const settings = { adapter: { ...round, memory: 1e8 }, precision: "f32" } as const;
    const most = largestBatch(program, settings);
    const memory = (B: number): number => forecast(program, B, settings).memory;
    expect([memory(most) <= 0.95e8, memory(most + 1) <= 0.95e8]).toEqual([true, false]);
    expect(largestBatch(program, { ...settings, adapter: { ...round, memory: 1e6 } })).toBe(0);
  });
});

describe("a projection", () => {
  const [training, tuning] = stages;
  const stageOf = (stage: Stage | undefined): Stage => stage ?? { title: "", imageSize: 0, epochs: NaN, paperHours: NaN };

  it("counts the views of an epoch as repeated augmentation does", () => {
    expect(viewsOfEpoch).toBe(1_281_024);
    expect([viewsOfEpoch / 1024, (300 * viewsOfEpoch) / 1024]).toEqual([1251, 375_300]); // deit.md 7.11
  });

  it("turns the speed of the authors into the hours that they report", () => {
    const imagesPerSecond = 2015; // on eight V100
    expect(hoursOf(stageOf(training), 1024, (1024 / imagesPerSecond) * 1e3)).toBeCloseTo(53, 1);
    expect(stageOf(tuning)).toMatchObject({ imageSize: 384, epochs: 25, paperHours: 20 });
  });

  it("includes the teacher's forward in the step of a distilled model", () => {
    const config = deitConfig("deit-tiny-distilled", { depth: 1 });
    const teacher = regnetConfig("regnety-4gf");
    const settings = { adapter: round, precision: "f32" } as const;
    const macs = (asked: Parameters<typeof projected>[0]): number =>
      costOf(projected(asked, { ...stageOf(training), imageSize: 32 }, 1, settings).forecast.root).macs;
    const { kernels, counters } = abstractEngine();
    const predict = benchTeacher(kernels, teacher);
    predict(kernels, kernels.zeros([1, 3, 32, 32]));
    expect(macs({ config, teacher }) - macs({ config, teacher: null })).toBe(counters().macs);
  });

  it("refuses a step whose tensors are too large for a buffer", () => {
    const asked = { config: deitConfig("deit-base"), teacher: null };
    expect(() => projected(asked, stageOf(training), 4096, { adapter: round, precision: "f32" })).toThrow(MemoryError);
  });
});

describe("rates", () => {
  const all = [...Object.values(adapters).flatMap(({ rates }) => Object.values(rates)), ...Object.values(hostRates)];

  it("have sources with an address and a date", () => {
    const sources = all.flatMap((rate: Sourced) => rate.sources);
    expect(all.filter((rate: Sourced) => rate.sources.length === 0)).toEqual([]);
    expect(sources.filter(({ what, url, date }) => what === "" || !/^(https:|docs\/)/.test(url) || !/^20\d\d(-\d\d)*$/.test(date))).toEqual(
      [],
    );
  });

  it("are in order, and no adapter exceeds its data sheet", () => {
    for (const { f16, f32, bandwidth, rates } of Object.values(adapters)) {
      const { units, memory, latency } = rates;
      for (const rate of [units, rates.f32, rates.arithmetic, memory, rates.upload])
        expect(rate.bound >= rate.expected && rate.expected >= rate.pessimistic && rate.pessimistic > 0).toBe(true);
      expect(latency.bound <= latency.expected && latency.expected <= latency.pessimistic).toBe(true);
      expect([units.bound <= f16, rates.f32.bound <= f32, memory.bound <= bandwidth]).toEqual([true, true, true]);
    }
  });
});

describe("adapters", () => {
  it("are found by name, and name the source of their figures", () => {
    expect(adapterNamed("v100")).toMatchObject({ f32: 15.7e12, f16: 125e12, bandwidth: 900e9 });
    expect(Object.values(adapters).filter(({ source, reported }) => source === "" || reported.source === "")).toEqual([]);
    expect(() => adapterNamed("abacus")).toThrow("unknown adapter abacus; known: h100, a100, ");
  });
});
