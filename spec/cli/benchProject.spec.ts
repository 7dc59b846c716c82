import { describe, expect, it } from "vitest";
import { deitHere, jsonHere } from "./inProcess.ts";

const someNumber: unknown = expect.any(Number);
const someText: unknown = expect.any(String);
const someSources: unknown = expect.arrayContaining([{ what: someText, url: someText, date: someText }]);
const terms = ["units", "f32", "arithmetic", "memory", "latency", "upload", "host", "copy"];

describe("deit bench project", () => {
  it("prints a row for each training and precision, without a GPU", async () => {
    const found = await jsonHere("bench", "project", "--only", "deit-tiny 224", "--adapter", "a100", "--batch", "2");
    const times = { ms: someNumber, deviceMs: someNumber, hostMs: someNumber, imagesPerSecond: someNumber, hours: someNumber };
    const at = ["bound", "expected", "pessimistic"].map((column) => ({ column, share: someNumber, ...times }));
    const columns = { bound: someNumber, expected: someNumber, pessimistic: someNumber };
    const eachTerm = (of: object): object => Object.fromEntries(terms.map((term) => [term, of]));
    const counts = { dispatches: someNumber, bytes: someNumber, traffic: someNumber, macs: someNumber, executed: someNumber };
    const row = {
      model: "deit-tiny",
      imageSize: 224,
      epochs: 300,
      paperHours: 53,
      ...counts,
      flop: someNumber,
      memoryBytes: someNumber,
      largestBatch: someNumber,
      at,
      terms: eachTerm({ amount: someNumber, ms: columns }),
    };
    expect(found).toEqual({
      what: "project",
      note: "prediction, not measured on hardware",
      adapter: { title: "NVIDIA A100 SXM4 80 GB", f32: 19.5e12, f16: 312e12, bandwidth: 2.039e12, memory: 80e9, source: someText },
      rates: eachTerm({ title: someText, unit: someText, ...columns, sources: someSources }),
      batch: 2,
      rows: [
        { ...row, precision: "f16" },
        { ...row, precision: "f32" },
      ],
    });
  });

  it("--profile prints the tree of each step with its dispatches and bytes", async () => {
    const { status, stdout } = await deitHere("bench", "project", "--only", "deit-tiny 224 f32", "--batch", "1", "--profile");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^NVIDIA H100 SXM5 80 GB, steps of 1 images: prediction, not measured on hardware\n/);
    expect(stdout).toMatch(/\nrate +bound +expected +pessimistic +sources\n/);
    expect(stdout).toMatch(/\nmodel +side +dispatches +GB +GB moved +TFLOP +executed +memory GB +largest batch +ms bound +ms expected /);
    expect(stdout).toMatch(/\na step: whichever takes longer +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d\n/);
    expect(stdout).toMatch(/\nop +share +ms +own ms +forward +recompute +vjp +GMAC +of peak +dispatches +MB moved\nall +█+ +100\.00 %/);
    expect(stdout).toMatch(/\n {6}blocks\.\* ×12 +█/);
  });

  it("reports a step that would be too large, and continues with the others", async () => {
    const { status, stdout } = await deitHere("bench", "project", "--only", "deit-base 384 f32", "--batch", "1024");
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nrefused: deit-base 384 f32: .*a tensor needs \d+\.\d MB of at most 1073\.7 MB\n/);
  });

  it.each([
    ["project --adapter abacus", "unknown adapter abacus; known: h100, a100, rtx-4090, v100, m2-max"],
    ["project --only vit", "--only vit: no name contains this; the nearest are "],
    ["project --image-size 224", "--image-size has no effect on project; see deit bench --help"],
    ["train --precision f16", "--precision has no effect on the wasm engine; it goes with --engine webgpu"],
    [
      "train --model deit-tiny --teacher regnety-4gf",
      "--teacher regnety-4gf: a plain model has no teacher; use a distilled one, such as --model deit-base-distilled",
    ],
    ["train --teacher deit-tiny", "--teacher deit-tiny: the teacher must be a RegNetY, such as regnety-16gf, the paper's"],
    ["forward --teacher regnety-4gf", "--teacher has no effect on forward; see deit bench --help"],
  ])("refuses `%s`", async (args, message) => {
    const { status, stdout, stderr } = await deitHere("bench", ...args.split(" "));
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.startsWith(`deit bench: ${message}`)).toBe(true);
    expect(stderr.split("\n")).toHaveLength(2);
  });
});
