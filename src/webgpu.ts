/** Entry point `deit/webgpu`: the engine on a WebGPU device of the caller, in a browser or in Node. */
export { webgpuEngine, type WebgpuEngine, type WebgpuOptions } from "./engines/webgpu/engine.ts";
export { probeMatrixUnits, type MatrixReport } from "./engines/webgpu/device/probe.ts";
export { requestDevice, type Adapters, type RequestOptions } from "./gpu/request.ts";
export { DeviceLostError } from "./tensor/errors.ts";
