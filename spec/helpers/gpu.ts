/** Devices for specs, on SwiftShader and on Dawn's null backend; each lives until the specs of its file are done. */
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

/** A device on SwiftShader, with all that it has, or with only what every device has. */
export const gpuDevice = ({ limits = "adapter" }: { readonly limits?: "adapter" | "default" } = {}): Promise<GPUDevice> =>
  opening(openDevice({ adapter: SWIFTSHADER, experimental: false, plain: limits === "default" }));

/** A device that validates WGSL, f16 and subgroup matrices included, and computes nothing. */
export const nullDevice = (): Promise<GPUDevice> => opening(openDevice({ adapter: "null", experimental: true, plain: false }));

/** Why this machine can have no devices; null: it can. */
export const whyNoGpu: string | null = hasDawn() ? whyNoSwiftShader() : "the optional package webgpu is not installed";

/** A suite that needs devices; skipped, with the reason in its title, where there can be none. */
export function onGpu(what: string, body: () => void): void {
  describe.skipIf(whyNoGpu !== null)(`${what}${whyNoGpu === null ? "" : `, but ${whyNoGpu}`}`, () => {
    body();
  });
}
