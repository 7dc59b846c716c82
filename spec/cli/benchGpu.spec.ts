import { expect, it } from "vitest";
import { onGpu } from "../helpers/gpu.ts";
import { json } from "./deit.ts";

/** Takes one short sample: this spec checks what is printed, not how fast it was. */
const bench = (args: string): unknown => json(["bench", ...args.split(" "), "--engine", "webgpu", "--repetitions", "1"]);

const forward = "forward --model deit-tiny-distilled --image-size 32";
const someNumber: unknown = expect.any(Number);
const head = { engine: "webgpu", threads: 1 };

onGpu("deit bench on the webgpu engine", () => {
  it("forward prints images per second, dispatches, and the time that the host takes for them", () => {
    expect(bench(forward)).toEqual({
      ...head,
      what: "forward",
      model: "deit-tiny-distilled",
      imageSize: 32,
      batch: 1,
      ms: { median: someNumber, min: someNumber, upper: someNumber },
      imagesPerSecond: someNumber,
      gflops: someNumber,
      dispatches: someNumber,
      submits: 1,
      hostMs: someNumber,
      hostUs: someNumber,
      hostShare: someNumber,
      reservedBytes: someNumber,
      freshBytes: 0,
    });
  });
});
