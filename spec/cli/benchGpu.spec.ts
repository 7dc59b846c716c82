import { expect, it } from "vitest";
import { onGpu } from "../helpers/gpu.ts";
import { json } from "./deit.ts";

/** One sample of each, and of little: what is claimed here is what is printed, not how fast it was. */
const bench = (args: string): unknown => json(["bench", ...args.split(" "), "--engine", "webgpu", "--repetitions", "1"]);

const forward = "forward --model deit-tiny-distilled --image-size 32";
const someNumber: unknown = expect.any(Number);
const head = { engine: "webgpu", threads: 1 };

onGpu("deit bench on the webgpu engine", () => {
  it("forward prints images a second, launches, and what the host takes for them", () => {
    expect(bench(forward)).toEqual({
      ...head,
      what: "forward",
      model: "deit-tiny-distilled",
      imageSize: 32,
      batch: 1,
      ms: { median: someNumber, min: someNumber, upper: someNumber },
      imagesPerSecond: someNumber,
      gflops: someNumber,
      launches: someNumber,
      submits: 1,
      hostMs: someNumber,
      hostUs: someNumber,
      hostShare: someNumber,
      reservedBytes: someNumber,
      freshBytes: 0,
    });
  });

  it("forward --profile is by the device's clock", () => {
    const { profile } = Object(bench(`${forward} --profile`));
    expect(profile).toMatchObject({ name: "", share: 1, macs: someNumber });
    expect(profile.ms).toBeGreaterThan(profile.ownMs);
  });

  it("gemm and op have rates and no ratio", () => {
    const [shape, rates] = ["[198×64]·[64×198]", { gflops: someNumber }];
    expect(bench("gemm --only 64×198")).toEqual({ ...head, what: "gemm", rows: [{ shape, form: "NT", ...rates }] });
    expect(bench("op --only residual")).toMatchObject({
      ...head,
      what: "op",
      rows: ["forward", "vjp", "forward", "vjp"].map((phase) => ({ op: "residual", phase, ms: someNumber })),
    });
  });
});
