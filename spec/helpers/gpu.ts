/** Devices for specs, on SwiftShader and on Dawn's null backend. Each is destroyed after the specs of its file. */
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

const devices: GPUDevice[] = [];
afterAll(() => {
  for (const device of devices) device.destroy();
});

async function untilDone(device: Promise<GPUDevice>): Promise<GPUDevice> {
  devices.push(await device);
  return device;
}

/** A device on SwiftShader, with all limits and features of the adapter, or with the default ones only. */
export const gpuDevice = ({ limits = "adapter" }: { readonly limits?: "adapter" | "default" } = {}): Promise<GPUDevice> =>
  untilDone(openDevice({ adapter: SWIFTSHADER, experimental: false, plain: limits === "default" }));

/** A device that validates WGSL, including f16 and subgroup matrices, and computes nothing. */
export const nullDevice = (): Promise<GPUDevice> => untilDone(openDevice({ adapter: "null", experimental: true, plain: false }));

/** Why this machine has no devices; null: it has some. */
export const whyNoGpu: string | null = hasDawn() ? whyNoSwiftShader() : "the optional package webgpu is not installed";

/** A suite that needs devices. Without them it is skipped, with the reason in its title. */
export function onGpu(what: string, body: () => void): void {
  describe.skipIf(whyNoGpu !== null)(`${what}${whyNoGpu === null ? "" : `, but ${whyNoGpu}`}`, () => {
    body();
  });
}
