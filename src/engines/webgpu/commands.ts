/**
 * The commands of a device, in order. Dispatches and copies are encoded into one command buffer, which is submitted when someone waits for a
 * number, or when it is full; a read delivers the value that the memory has at that point of the commands, later.
 *
 * The params of dispatches, and small uploads, are collected on the host and written just before the command buffer is submitted. The queue has
 * done all earlier command buffers by then, so one device buffer for each of the two is enough.
 */
import type { Asynchronous, Stopwatch } from "../../kernels/engine.ts";
import type { NeededBuffers } from "./allocation.ts";
import { BoundDispatches, type BoundMemory } from "./boundDispatches.ts";
import { usage } from "./capabilities.ts";
import type { DeviceFailure } from "./failure.ts";
import { FEW_BYTES } from "./kernels/upload.ts";
import { PARAM_BYTES, pipelinesOn, type Operand } from "./pipelines.ts";
import type { Dispatch } from "./program.ts";
import { Readback } from "./readback.ts";
import { passClockOn, type PassClock } from "./stopwatch.ts";

/** The most dispatches of a command buffer. */
const MOST_DISPATCHES = 1 << 14;
/** The most bytes of small uploads in one command buffer. */
export const UPLOAD_BYTES: number = 4 * FEW_BYTES;
/** Copies between buffers have multiples of this as offset and length. */
const COPY_ALIGNMENT = 8;

const roundUp = (multiple: number, n: number): number => Math.ceil(n / multiple) * multiple;

export class Commands implements Omit<Asynchronous, "allocated"> {
  readonly #device: GPUDevice;
  readonly #failure: DeviceFailure;
  readonly #readback: Readback;
  readonly #bound: BoundDispatches;
  readonly #clock: PassClock | null;
  readonly #sent = { submits: 0, dispatches: 0 };

  readonly #params: GPUBuffer;
  readonly #paramBytes = new ArrayBuffer(MOST_DISPATCHES * PARAM_BYTES);
  readonly #paramInts = new Uint32Array(this.#paramBytes);
  readonly #paramFloats = new Float32Array(this.#paramBytes);
  readonly #uploads: GPUBuffer;
  readonly #uploadBytes = new Uint8Array(UPLOAD_BYTES);

  // the open command buffer
  #dispatches = 0;
  #uploaded = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;

  /** @param operandOf the buffer range of memory that a dispatch binds */
  constructor(device: GPUDevice, operandOf: (memory: BoundMemory) => Operand, failure: DeviceFailure, needed: NeededBuffers) {
    const params = needed.make({ label: "params", size: MOST_DISPATCHES * PARAM_BYTES, usage: usage.uniform });
    const paramsOf = (index: number): Operand => ({
      key: `params ${index}`,
      buffer: params,
      offset: index * PARAM_BYTES,
      bytes: PARAM_BYTES,
    });
    this.#device = device;
    this.#params = params;
    this.#uploads = operandOf("uploads").buffer;
    this.#failure = failure;
    this.#readback = new Readback(needed, failure);
    this.#bound = new BoundDispatches(pipelinesOn(device), operandOf, paramsOf);
    const hasClock = device.features.has("timestamp-query");
    this.#clock = hasClock
      ? passClockOn(
          device,
          () => this.#endPass(),
          () => this.flush(),
        )
      : null;
  }

  dispatch({ program, params, groups: [x, y, z] }: Dispatch, memories: readonly BoundMemory[]): void {
    this.#failure.check();
    if (this.#dispatches === MOST_DISPATCHES) this.flush();
    const { pipeline, group } = this.#bound.bind(this.#dispatches, program, memories);
    const at = this.#dispatches * (PARAM_BYTES / 4);
    for (let i = 0; i < params.length; i++) (program.params[i] === "f32" ? this.#paramFloats : this.#paramInts)[at + i] = params[i] ?? 0;
    const pass = (this.#pass ??= this.#openEncoder().beginComputePass(this.#clock?.pass() ?? {}));
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    if (y === 1 && z === 1) pass.dispatchWorkgroups(x); // each argument costs the host time
    else pass.dispatchWorkgroups(x, y, z);
    this.#dispatches++;
  }

  /** Offset in `uploads` at which dispatches of this command buffer find the bytes, if they are few; null: use `write`. */
  stage(data: Uint8Array): number | null {
    if (data.byteLength > FEW_BYTES) return null;
    if (this.#uploaded + data.byteLength > UPLOAD_BYTES) this.flush();
    const offset = this.#uploaded;
    this.#uploadBytes.set(data, offset);
    this.#uploaded = roundUp(COPY_ALIGNMENT, offset + data.byteLength);
    return offset;
  }

  /** Writes bytes, after all commands so far. */
  write({ buffer, offset }: Operand, data: Uint8Array): void {
    this.#failure.check();
    this.flush();
    this.#device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** Makes the buffers that the reads of a program take. */
  prepareReads(): void {
    this.#readback.prepare();
  }

  /** The bytes that are there after all commands so far. */
  read({ buffer, offset }: Operand, bytes: number): Promise<ArrayBuffer> {
    this.#failure.check();
    if (bytes === 0) return Promise.resolve(new ArrayBuffer(0));
    const length = roundUp(COPY_ALIGNMENT, bytes);
    const to = this.#readback.reserve(length, bytes);
    this.#endPass();
    this.#openEncoder().copyBufferToBuffer(buffer, offset, to.buffer, to.offset, length);
    queueMicrotask(() => this.flush());
    return to.data;
  }

  /** Submits the open command buffer. */
  flush(): void {
    const encoder = this.#encoder;
    if (encoder === null) return;
    this.#endPass();
    const { queue } = this.#device;
    if (this.#dispatches > 0) queue.writeBuffer(this.#params, 0, this.#paramBytes, 0, this.#dispatches * PARAM_BYTES);
    if (this.#uploaded > 0) queue.writeBuffer(this.#uploads, 0, this.#uploadBytes, 0, this.#uploaded);
    queue.submit([encoder.finish()]);
    this.#sent.submits++;
    this.#sent.dispatches += this.#dispatches;
    this.#encoder = null;
    [this.#dispatches, this.#uploaded] = [0, 0];
    this.#readback.submitted();
  }

  readonly finish = async (): Promise<void> => {
    this.flush();
    await this.#device.queue.onSubmittedWorkDone();
    await this.#failure.checkAll();
  };

  readonly sent = (): { readonly submits: number; readonly dispatches: number } => ({ ...this.#sent });

  get stopwatch(): Stopwatch | null {
    return this.#clock?.stopwatch ?? null;
  }

  close(): void {
    this.#failure.set(new Error("webgpu: this engine is closed"));
    for (const buffer of [this.#params, this.#uploads]) buffer.destroy();
    this.#readback.destroy();
  }

  #openEncoder(): GPUCommandEncoder {
    return (this.#encoder ??= this.#device.createCommandEncoder());
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }
}
