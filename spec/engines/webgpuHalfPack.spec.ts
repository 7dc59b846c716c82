/** Numbers rounded to f16: everything that fits as `pack2x16float` rounds it, infinity beyond, NaN for NaN; whatever the device packs beyond the range. */
import { expect, it } from "vitest";
import { machineOn } from "../../src/engines/webgpu/device/device.ts";
import { elementDispatch, elementProgram, pairDispatch, pairProgram } from "../../src/engines/webgpu/kernels/perElement.ts";
import type { Dispatch } from "../../src/engines/webgpu/program.ts";
import { keyOf, uniform53At } from "../../src/tensor/key.ts";
import { packHalves } from "../../src/tensor/half.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { indeterminatePacks, packBeyond } from "../helpers/webgpu.ts";

const pairs = pairProgram({
  name: "pairs",
  tensors: { half: "f16", numbers: "f32" },
  main: (pair) => `  store2_half(${pair}, load2_numbers(${pair}));`,
});
const quads = elementProgram({
  name: "quads",
  tensors: { half: "f16x4", numbers: "f32x4" },
  main: (quad) => `  store4_half(${quad}, load4_numbers(${quad}));`,
});

const stores: Readonly<Record<string, (n: number) => Dispatch>> = {
  "in pairs": (n) => pairDispatch(pairs, n),
  "by fours": (n) => elementDispatch(quads, n / 4),
};

/** Where rounding changes its rule, from both sides, with both signs; then any bits. No subnormal f16, which a device may flush. */
function numbers(): Float32Array {
  const edges = [1, 2049, 2051, 65_472, 65_503, 65_504, 65_519.996, 65_520, 65_536, 1e6, 3e38, Infinity, NaN];
  const bits = new Uint32Array(2048);
  new Float32Array(bits.buffer).set(edges.flatMap((x) => [x, 0.1, -x, -x, x, 0.1, 0.1, -x])); // beside numbers that fit, and that do not
  for (let i = 8 * edges.length; i < bits.length; i++) bits[i] = Math.floor(uniform53At(keyOf(7), i) * 2 ** 32);
  return new Float32Array(bits.buffer).map((x) => (Math.abs(x) < 2 ** -14 ? 0 : x));
}

const isNaNs = (word: number): boolean => (word & 0x7fff) > 0x7c00;

/** The words that a store leaves. */
async function stored(device: GPUDevice, dispatch: (n: number) => Dispatch, values: Float32Array): Promise<Uint16Array> {
  const machine = machineOn(device, 2 ** 20);
  const [half, full] = [
    { address: 0, bytes: 2 * values.length },
    { address: 2 ** 16, bytes: 4 * values.length },
  ];
  machine.reach(2 ** 17);
  machine.upload(full, values);
  machine.dispatch(dispatch(values.length), [half, full]);
  return new Uint16Array(await machine.read(half, half.bytes));
}

/** Numbers whose word is not that of f16; NaN may be any NaN. */
async function wrong(device: GPUDevice, dispatch: (n: number) => Dispatch): Promise<readonly unknown[]> {
  const values = numbers();
  const expected = packHalves(values);
  const words = await stored(device, dispatch, values);
  return [...words].flatMap((word, i) => {
    const right = expected[i] ?? NaN;
    return word === right || (isNaNs(word) && isNaNs(right)) ? [] : [{ number: values[i], word: word.toString(16) }];
  });
}

const devices: Readonly<Record<string, string | null>> = {
  "as SwiftShader packs": null,
  "where the device clamps": indeterminatePacks.clamps,
  "where the device packs ones in place of both": indeterminatePacks.ones,
};

onGpu("f16", () => {
  it.each(Object.entries(devices).flatMap(([how, pack]) => Object.entries(stores).map(([by, store]) => ({ how, by, pack, store }))))(
    "stored $by holds every number rounded, $how",
    async ({ pack, store }) => {
      const device = await gpuDevice({ limits: "default" });
      if (pack !== null) packBeyond(device, pack);
      expect(await wrong(device, store)).toEqual([]);
    },
  );
});
