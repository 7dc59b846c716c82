/** Which kernel variants GEMM has on a GPU, and what its matrix units have to do with it. */
import { capabilitiesOf } from "../../engines/webgpu/capabilities.ts";
import { gemmPlan } from "../../engines/webgpu/kernels/gemm/plan.ts";
import { probeMatrixUnits } from "../../engines/webgpu/device/probe.ts";
import type { WebgpuPrecision } from "../../engines/webgpu/run.ts";
import type { DawnOptions } from "../../gpu/dawn.ts";
import { openDevice } from "../../gpu/device.ts";

export interface MatrixUse {
  /** The variant of GEMM in each precision (docs/webgpu.md). */
  readonly gemm: Readonly<Record<WebgpuPrecision, string>>;
  /** What the units multiply, or why they are not used. */
  readonly units: string;
}

/** A layer of DeiT-S. */
const PRODUCT = { batch: 1, m: 64 * 197, n: 1536, k: 384, ta: false, tb: true, shared: true };

/** Tries the units on a new device. */
export async function matrixUse(options: DawnOptions): Promise<MatrixUse> {
  const device = await openDevice({ ...options, plain: false });
  const report = await probeMatrixUnits(device);
  const capabilities = capabilitiesOf(device, report);
  device.destroy();
  const variantIn = (precision: WebgpuPrecision): string =>
    gemmPlan(PRODUCT, { a: precision, b: precision, c: precision, bias: null, factors: precision }, 1, capabilities).variant;
  return { gemm: { f32: variantIn("f32"), f16: variantIn("f16") }, units: report.why };
}
