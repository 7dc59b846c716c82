/**
 * How the host gets numbers back: the device copies them to staging buffers, which are mapped once the command buffer has been submitted. A few are kept
 * and used again: `prepare` makes them before a program runs, so that no read within it can find the device without memory. More are made if that many
 * reads wait at once, and destroyed afterwards.
 */
import type { NeededBuffers } from "./allocation.ts";
import { usage } from "../capabilities.ts";
import type { DeviceFailure } from "./failure.ts";

/** Lengths of the staging buffers for a few numbers and for many, and how many of each are kept. The large one holds what `readTree` reads at once. */
const [FEW, MANY] = [
  { bytes: 2 ** 16, kept: 8 },
  { bytes: 2 ** 26, kept: 1 },
];

/** A part of a staging buffer that someone waits for. */
interface Waiting {
  readonly offset: number;
  readonly bytes: number;
  readonly resolve: (data: ArrayBuffer) => void;
  readonly reject: (why: unknown) => void;
}

/** A staging buffer that the open command buffer copies to. */
interface Staging {
  readonly buffer: GPUBuffer;
  used: number;
  readonly waiting: Waiting[];
}

/** Where the device is to copy numbers to, and the promise of them. */
interface Reservation {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly data: Promise<ArrayBuffer>;
}

export class Readback {
  readonly #buffers: NeededBuffers;
  readonly #failure: DeviceFailure;
  /** By length; no other lengths are kept. */
  readonly #free: ReadonlyMap<number, GPUBuffer[]> = new Map([FEW, MANY].map(({ bytes }) => [bytes, []]));
  #filling: Staging[] = [];
  #isPrepared = false;

  constructor(buffers: NeededBuffers, failure: DeviceFailure) {
    this.#buffers = buffers;
    this.#failure = failure;
  }

  /** Makes the buffers that are kept; once. */
  prepare(): void {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    for (const { bytes, kept } of [FEW, MANY]) for (let i = 0; i < kept; i++) this.#keep(this.#make(bytes));
  }

  /**
   * Room for a copy by the open command buffer.
   *
   * @param length of the copy, in bytes
   * @param bytes of it that are wanted
   */
  reserve(length: number, bytes: number): Reservation {
    const to = this.#stagingFor(length);
    const { buffer, used: offset, waiting } = to;
    to.used += length;
    const data = new Promise<ArrayBuffer>((resolve, reject) => waiting.push({ offset, bytes, resolve, reject }));
    return { buffer, offset, data };
  }

  /** Keeps the promises of the command buffer that has just been submitted. */
  submitted(): void {
    const full = this.#filling;
    this.#filling = [];
    for (const staging of full) void this.#deliver(staging);
  }

  destroy(): void {
    for (const kept of this.#free.values()) for (const buffer of kept) buffer.destroy();
  }

  #stagingFor(bytes: number): Staging {
    const open = this.#filling.at(-1);
    if (open !== undefined && open.used + bytes <= open.buffer.size) return open;
    const kept = this.#free.get((bytes <= FEW.bytes ? FEW : MANY).bytes);
    const found = bytes <= MANY.bytes ? kept?.pop() : undefined;
    const buffer = found ?? this.#make(Math.max(FEW.bytes, 2 ** Math.ceil(Math.log2(bytes))));
    const made: Staging = { buffer, used: 0, waiting: [] };
    this.#filling.push(made);
    return made;
  }

  #make(size: number): GPUBuffer {
    return this.#buffers.make({ label: "staging", size, usage: usage.staging });
  }

  /** Keeps a buffer to use again, or destroys it. */
  #keep(buffer: GPUBuffer): void {
    const free = this.#free.get(buffer.size);
    const kept = [FEW, MANY].find(({ bytes }) => bytes === buffer.size)?.kept ?? 0;
    if (free !== undefined && free.length < kept) free.push(buffer);
    else buffer.destroy();
  }

  async #deliver({ buffer, used, waiting }: Staging): Promise<void> {
    try {
      await buffer.mapAsync(1, 0, used); // 1: for reading
      const data = buffer.getMappedRange(0, used);
      const parts = waiting.map(({ offset, bytes }) => data.slice(offset, offset + bytes));
      buffer.unmap();
      this.#keep(buffer);
      await this.#failure.checkAll();
      waiting.forEach(({ resolve }, i) => resolve(parts[i] ?? new ArrayBuffer(0)));
    } catch (error) {
      const reason = await this.#failure.reasonOf(error);
      for (const { reject } of waiting) reject(reason);
    }
  }
}
