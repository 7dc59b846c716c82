/** The 8-bit images of fixtures. */
import type { Pixels } from "../../src/data/pixels/pixels.ts";
import { numbersOf, parseSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { bytesOf } from "./fixtures.ts";

/** The tensors of a fixture. */
export interface Pictures {
  readonly names: readonly string[];
  /** A tensor [H, W, C] of bytes as an image. @throws Error naming the tensor if it is missing */
  readonly picture: (name: string) => Pixels;
  /** A tensor in f32. @throws Error naming the tensor if it is missing */
  readonly numbers: (name: string) => Float32Array;
}

export function picturesOf(path: string): Pictures {
  const { tensors } = parseSafetensors(bytesOf(path));
  const stored = (name: string, dtype: string): { readonly shape: readonly number[]; readonly data: Float64Array } => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== dtype) throw new Error(`the fixture has no tensor ${name} of ${dtype}`);
    return { shape: tensor.shape, data: Float64Array.from(numbersOf(tensor)) };
  };
  return {
    names: [...tensors.keys()],
    picture: (name) => {
      const { shape, data } = stored(name, "U8");
      const [height = 0, width = 0, channels = 0] = shape;
      return { data: Uint8Array.from(data), width, height, channels };
    },
    numbers: (name) => Float32Array.from(stored(name, "F32").data),
  };
}

/** Where two images differ, in one line, instead of all their bytes; null: nowhere. */
export function pictureDifference(actual: Pixels, expected: Pixels): string | null {
  const size = ({ width, height, channels }: Pixels): string => `${height}×${width}×${channels}`;
  if (size(actual) !== size(expected)) return `must be ${size(expected)}, got ${size(actual)}`;
  const wrong = Array.from(expected.data.keys()).filter((i) => actual.data[i] !== expected.data[i]);
  const [first] = wrong;
  return first === undefined
    ? null
    : `${wrong.length} bytes differ; the first, ${first}, must be ${expected.data[first]}, got ${actual.data[first]}`;
}
