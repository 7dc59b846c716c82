/** Devices for specs, on SwiftShader, and on no GPU at all; each lives until its file's specs are done. */
import { createRequire } from "node:module";
import { afterAll, describe } from "vitest";
import { openDevice } from "../../src/gpu/device.ts";
import { SWIFTSHADER, whyNoSwiftShader } from "../../src/gpu/swiftshader.ts";

function hasDawn(): boolean {
  try {
    createRequire(import.meta.url).resolve("webgpu");
    return true;
  } catch {
    return false;
  }
}

const opened: GPUDevice[] = [];
afterAll(() => {
  for (const device of opened) device.destroy();
});

async function opening(device: Promise<GPUDevice>): Promise<GPUDevice> {
  opened.push(await device);
  return device;
}

/** On SwiftShader, with all that it has, or with the limits and features of every device. */
export const gpuDevice = ({ limits = "adapter" }: { readonly limits?: "adapter" | "default" } = {}): Promise<GPUDevice> =>
  opening(openDevice({ adapter: SWIFTSHADER, experimental: false, plain: limits === "default" }));

/** Compiles all WGSL, f16 and the matrices of subgroups included, and computes nothing. */
export const nullDevice = (): Promise<GPUDevice> => opening(openDevice({ adapter: "null", experimental: true, plain: false }));

/** Why there can be no devices here; null: there can. */
export const whyNoGpu: string | null = hasDawn() ? whyNoSwiftShader() : "the optional package webgpu is not installed";

/** A suite on devices; skipped, with the reason, where there can be none. */
export function onGpu(what: string, body: () => void): void {
  describe.skipIf(whyNoGpu !== null)(`${what}${whyNoGpu === null ? "" : `, but ${whyNoGpu}`}`, () => {
    body();
  });
}
