/**
 * The commands of a device, in order. Dispatches and copies are encoded into one command buffer, which is submitted when someone waits for a
 * number, or when it holds enough work (submitWork.ts); a read delivers the value that the memory has at that point of the commands, later.
 *
 * The params of dispatches, and small uploads, are collected on the host and written just before the command buffer is submitted. The queue has
 * done all earlier command buffers by then, so one device buffer for each of the two is enough.
 */
import type { Asynchronous, Stopwatch } from "../../../kernels/engine.ts";
import type { NeededBuffers } from "./allocation.ts";
import { BoundDispatches, type BoundMemory } from "./boundDispatches.ts";
import { usage } from "../capabilities.ts";
import type { DeviceFailure } from "./failure.ts";
import { FEW_BYTES } from "../kernels/upload.ts";
import { PARAM_BYTES, pipelinesOn, type Operand } from "./pipelines.ts";
import type { Dispatch } from "../program.ts";
import { Readback } from "./readback.ts";
import type { SubmitWork } from "./submitWork.ts";
import { passClockOn, type PassClock } from "./stopwatch.ts";

/** The most dispatches of a command buffer, for which there are params. */
const MOST_DISPATCHES = 1 << 14;
/** The most bytes of small uploads in one command buffer. */
export const UPLOAD_BYTES: number = 4 * FEW_BYTES;
/** Copies between buffers have multiples of this as offset and length. */
const COPY_ALIGNMENT = 8;

const roundUp = (multiple: number, n: number): number => Math.ceil(n / multiple) * multiple;

interface CommandsOptions {
  readonly device: GPUDevice;
  /** The buffer range of memory that a dispatch binds. */
  readonly operandOf: (memory: BoundMemory) => Operand;
  readonly failure: DeviceFailure;
  readonly needed: NeededBuffers;
  readonly work: SubmitWork;
}

export class Commands implements Omit<Asynchronous, "allocated" | "smallerWork"> {
  readonly #device: GPUDevice;
  readonly #failure: DeviceFailure;
  readonly #readback: Readback;
  readonly #bound: BoundDispatches;
  readonly #clock: PassClock | null;
  readonly #sent = { submits: 0, dispatches: 0 };
  readonly #work: SubmitWork;
  /** When the device was done with the last command buffer that was timed, in ms. */
  #doneAt = 0;

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

  constructor({ device, operandOf, failure, needed, work }: CommandsOptions) {
    const params = needed.make({ label: "params", size: MOST_DISPATCHES * PARAM_BYTES, usage: usage.uniform });
    const paramsOf = (index: number): Operand => ({
      key: `params ${index}`,
      buffer: params,
      offset: index * PARAM_BYTES,
      bytes: PARAM_BYTES,
    });
    this.#device = device;
    this.#work = work;
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

  dispatch(dispatch: Dispatch, memories: readonly BoundMemory[]): void {
    this.#failure.check();
    this.#encode(dispatch, memories, this.#makeRoom(dispatch, memories));
  }

  /**
   * Runs a dispatch on bytes of the host, if they are few, which are written to `uploads` with the open command buffer; false: use `write`.
   *
   * @param dispatchAt the dispatch that finds them at this offset, in bytes
   */
  upload(data: Uint8Array, dispatchAt: (offset: number) => Dispatch, memories: readonly BoundMemory[]): boolean {
    if (data.byteLength > FEW_BYTES) return false;
    this.#failure.check();
    const work = this.#makeRoom(dispatchAt(0), memories); // first: the bytes and the dispatch must be in one command buffer
    if (this.#uploaded + data.byteLength > UPLOAD_BYTES) this.flush();
    const offset = this.#uploaded;
    this.#uploadBytes.set(data, offset);
    this.#uploaded = roundUp(COPY_ALIGNMENT, offset + data.byteLength);
    this.#encode(dispatchAt(offset), memories, work);
    return true;
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
    this.#work.submitted();
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

  /** Submits the open command buffer if it has no room for a dispatch. Returns the dispatch's work. */
  #makeRoom(dispatch: Dispatch, memories: readonly BoundMemory[]): number {
    const work = this.#work.of(dispatch, memories);
    if (this.#dispatches === MOST_DISPATCHES) this.flush();
    if (!this.#work.hasRoomFor(work)) this.#flushFull();
    return work;
  }

  #encode({ program, params, groups: [x, y, z] }: Dispatch, memories: readonly BoundMemory[], work: number): void {
    const { pipeline, group } = this.#bound.bind(this.#dispatches, program, memories);
    const at = this.#dispatches * (PARAM_BYTES / 4);
    for (let i = 0; i < params.length; i++) (program.params[i] === "f32" ? this.#paramFloats : this.#paramInts)[at + i] = params[i] ?? 0;
    const pass = (this.#pass ??= this.#openEncoder().beginComputePass(this.#clock?.pass() ?? {}));
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    if (y === 1 && z === 1) pass.dispatchWorkgroups(x); // each argument costs the host time
    else pass.dispatchWorkgroups(x, y, z);
    this.#dispatches++;
    this.#work.add(work);
  }

  /** Submits the open command buffer, since it holds enough work; and learns from its time whether it could have held more. */
  #flushFull(): void {
    this.flush();
    if (!this.#work.grows) return;
    void this.#measure(this.#work.bound, performance.now());
  }

  async #measure(bound: number, submittedAt: number): Promise<void> {
    try {
      await this.#device.queue.onSubmittedWorkDone();
    } catch {
      return; // the loss of the device is reported by itself
    }
    const now = performance.now();
    this.#work.took(bound, now - Math.max(submittedAt, this.#doneAt));
    this.#doneAt = now;
  }

  #openEncoder(): GPUCommandEncoder {
    return (this.#encoder ??= this.#device.createCommandEncoder());
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }
}
