/**
 * What a device is told to do, in order. Launches and copies are collected in one command buffer, which is sent when someone waits for a
 * number, or when it is full; whoever reads gets the value of that moment, later.
 *
 * Params of launches and small uploads are collected beside it and written just before it is sent. What has been sent before is done by then, so
 * one buffer each serves for ever.
 *
 * A training step sends the same launches on the same places again and again. What was bound for the i-th launch of the last command buffer is kept, and is
 * used again where it fits: then a launch costs its params and three calls.
 */
import type { Asynchronous } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { usage } from "./capabilities.ts";
import { FEW_BYTES } from "./kernels/upload.ts";
import type { Bindable } from "./machine.ts";
import { PARAM_BYTES, pipelinesOn, type Bound, type Operand } from "./pipelines.ts";
import type { Launch, Program } from "./program.ts";
import { passClockOn } from "./stopwatch.ts";

/** Launches of one command buffer at most. */
const MOST_LAUNCHES = 1 << 14;
/** Of small uploads, for one command buffer. */
export const UPLOAD_BYTES: number = 4 * FEW_BYTES;
/** The shortest buffer that numbers are read through. */
const STAGING_BYTES = 1 << 16;
/** Copies are of whole multiples of this, at such places. */
const COPY_GRAIN = 8;

interface Waiting {
  readonly offset: number;
  readonly bytes: number;
  readonly resolve: (data: ArrayBuffer) => void;
  readonly reject: (why: unknown) => void;
}

/** What a launch can bind; `uploads` is where `stage` puts bytes. */
export type Place = Bindable | "uploads";

/** A launch of the last command buffer. */
interface Known {
  readonly program: Program;
  readonly places: readonly Place[];
  readonly bound: Bound;
}

function isSamePlace(one: Place, other: Place): boolean {
  if (one === other) return true;
  if (typeof one === "string" || typeof other === "string" || one.bytes !== other.bytes) return false;
  return "address" in one ? "address" in other && one.address === other.address : "slab" in other && one.slab === other.slab;
}

function isSame(known: Known, program: Program, places: readonly Place[]): boolean {
  if (known.program !== program) return false;
  return places.every((place, i) => isSamePlace(place, known.places[i] ?? "uploads"));
}

/** A buffer that is read by the host once it has been written. */
interface Staging {
  readonly buffer: GPUBuffer;
  used: number;
  readonly waiting: Waiting[];
}

export interface Commands extends Asynchronous {
  readonly launch: (launch: Launch, places: readonly Place[]) => void;
  /** Where in `uploads` the bytes will lie for the launches of this command buffer, if they are few; null: `write` them. */
  readonly stage: (data: Uint8Array) => number | null;
  /** Bytes to a place that no launch waiting to be sent may use; sends those first. */
  readonly write: (to: Operand, data: Uint8Array) => void;
  readonly read: (from: Operand, bytes: number) => Promise<ArrayBuffer>;
  /** Sends what has been collected. */
  readonly flush: () => void;
  readonly close: () => void;
}

const upTo = (grain: number, n: number): number => Math.ceil(n / grain) * grain;

/** @param operandOf what lies at a place */
export function commandsOn(device: GPUDevice, operandOf: (place: Place) => Operand): Commands {
  const pipelines = pipelinesOn(device);
  const { queue } = device;
  const params = device.createBuffer({ label: "params", size: MOST_LAUNCHES * PARAM_BYTES, usage: usage.uniform });
  const paramBytes = new ArrayBuffer(MOST_LAUNCHES * PARAM_BYTES);
  const [paramInts, paramFloats] = [new Uint32Array(paramBytes), new Float32Array(paramBytes)];
  const { buffer: uploads } = operandOf("uploads");
  const uploadBytes = new Uint8Array(UPLOAD_BYTES);
  let [launches, uploaded] = [0, 0];
  let encoder: GPUCommandEncoder | null = null;
  let pass: GPUComputePassEncoder | null = null;
  let dead: Error | null = null;
  const sent = { submits: 0, dispatches: 0 };

  device.lost
    .then(({ message }) => (dead ??= new DeviceLostError(`webgpu: the device is lost${message === "" ? "" : `: ${message}`}`)))
    .catch(() => undefined);
  device.addEventListener("uncapturederror", ({ error }) => {
    dead ??= new Error(`webgpu: ${error.message.split("\n")[0]}`); // what follows are places in Dawn's source
  });
  const alive = (): void => {
    if (dead !== null) throw dead;
  };

  const free: GPUBuffer[] = [];
  let staging: Staging[] = [];
  const stagingFor = (bytes: number): Staging => {
    const open = staging.at(-1);
    if (open !== undefined && open.used + bytes <= open.buffer.size) return open;
    const i = free.findIndex((buffer) => buffer.size >= bytes);
    const [found] = i < 0 ? [] : free.splice(i, 1);
    const size = Math.max(STAGING_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    const made: Staging = { buffer: found ?? device.createBuffer({ label: "staging", size, usage: usage.staging }), used: 0, waiting: [] };
    staging.push(made);
    return made;
  };
  const deliver = async ({ buffer, used, waiting }: Staging): Promise<void> => {
    try {
      await buffer.mapAsync(1, 0, used); // 1: for reading
      const data = buffer.getMappedRange(0, used);
      const parts = waiting.map(({ offset, bytes }) => data.slice(offset, offset + bytes));
      buffer.unmap();
      free.push(buffer);
      if (dead !== null) throw dead;
      waiting.forEach(({ resolve }, i) => resolve(parts[i] ?? new ArrayBuffer(0)));
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") await device.lost; // of which these reads are told first
      for (const { reject } of waiting) reject(dead ?? error);
    }
  };

  const graph: Known[] = [];
  const boundFor = (program: Program, places: readonly Place[]): Bound => {
    const known = graph[launches];
    if (known !== undefined && isSame(known, program, places)) return known.bound;
    const offset = launches * PARAM_BYTES;
    const own: Operand = { key: `params ${launches}`, buffer: params, offset, bytes: PARAM_BYTES };
    const bound = pipelines.bind(program, places.map(operandOf), own);
    graph[launches] = { program, places, bound };
    return bound;
  };

  const commandEncoder = (): GPUCommandEncoder => (encoder ??= device.createCommandEncoder());
  const endPass = (): void => {
    pass?.end();
    pass = null;
  };
  const flush = (): void => {
    if (encoder === null) return;
    endPass();
    if (launches > 0) queue.writeBuffer(params, 0, paramBytes, 0, launches * PARAM_BYTES);
    if (uploaded > 0) queue.writeBuffer(uploads, 0, uploadBytes, 0, uploaded);
    queue.submit([encoder.finish()]);
    sent.submits++;
    sent.dispatches += launches;
    encoder = null;
    [launches, uploaded] = [0, 0];
    const full = staging;
    staging = [];
    for (const one of full) void deliver(one);
  };

  const clock = device.features.has("timestamp-query") ? passClockOn(device, endPass, flush) : null;

  return {
    launch: ({ program, params: numbers, groups }, places) => {
      alive();
      if (launches === MOST_LAUNCHES) flush();
      const { pipeline, group } = boundFor(program, places);
      const at = launches * (PARAM_BYTES / 4);
      for (let i = 0; i < numbers.length; i++) (program.params[i] === "f32" ? paramFloats : paramInts)[at + i] = numbers[i] ?? 0;
      pass ??= commandEncoder().beginComputePass(clock?.pass() ?? {});
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      const [x, y, z] = groups;
      if (y === 1 && z === 1) pass.dispatchWorkgroups(x); // each number told takes its time
      else pass.dispatchWorkgroups(x, y, z);
      launches++;
    },
    stage: (data) => {
      if (data.byteLength > FEW_BYTES) return null;
      if (uploaded + data.byteLength > UPLOAD_BYTES) flush();
      const offset = uploaded;
      uploadBytes.set(data, offset);
      uploaded = upTo(COPY_GRAIN, offset + data.byteLength);
      return offset;
    },
    write: ({ buffer, offset }, data) => {
      alive();
      flush();
      queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
    },
    read: ({ buffer, offset }, bytes) => {
      alive();
      if (bytes === 0) return Promise.resolve(new ArrayBuffer(0));
      const length = upTo(COPY_GRAIN, bytes);
      const to = stagingFor(length);
      endPass();
      commandEncoder().copyBufferToBuffer(buffer, offset, to.buffer, to.used, length);
      return new Promise((resolve, reject) => {
        to.waiting.push({ offset: to.used, bytes, resolve, reject });
        to.used += length;
        queueMicrotask(flush);
      });
    },
    flush,
    finish: async () => {
      flush();
      await queue.onSubmittedWorkDone();
      alive();
    },
    sent: () => ({ ...sent }),
    stopwatch: clock?.stopwatch ?? null,
    close: () => {
      dead ??= new Error("webgpu: this engine is closed");
      for (const buffer of [params, uploads, ...free]) buffer.destroy();
    },
  };
}
