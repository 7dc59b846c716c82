/** How the host gets numbers back: the device copies them to staging buffers, which are mapped once the command buffer has been submitted. */
import { usage } from "./capabilities.ts";
import type { DeviceFailure } from "./failure.ts";

/** The shortest staging buffer. */
const STAGING_BYTES = 1 << 16;

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
  readonly #device: GPUDevice;
  readonly #failure: DeviceFailure;
  readonly #free: GPUBuffer[] = [];
  #filling: Staging[] = [];

  constructor(device: GPUDevice, failure: DeviceFailure) {
    this.#device = device;
    this.#failure = failure;
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
    for (const buffer of this.#free) buffer.destroy();
  }

  #stagingFor(bytes: number): Staging {
    const open = this.#filling.at(-1);
    if (open !== undefined && open.used + bytes <= open.buffer.size) return open;
    const i = this.#free.findIndex((buffer) => buffer.size >= bytes);
    const [found] = i < 0 ? [] : this.#free.splice(i, 1);
    const size = Math.max(STAGING_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    const buffer = found ?? this.#device.createBuffer({ label: "staging", size, usage: usage.staging });
    const made: Staging = { buffer, used: 0, waiting: [] };
    this.#filling.push(made);
    return made;
  }

  async #deliver({ buffer, used, waiting }: Staging): Promise<void> {
    try {
      await buffer.mapAsync(1, 0, used); // 1: for reading
      const data = buffer.getMappedRange(0, used);
      const parts = waiting.map(({ offset, bytes }) => data.slice(offset, offset + bytes));
      buffer.unmap();
      this.#free.push(buffer);
      this.#failure.check();
      waiting.forEach(({ resolve }, i) => resolve(parts[i] ?? new ArrayBuffer(0)));
    } catch (error) {
      const reason = await this.#failure.reasonOf(error);
      for (const { reject } of waiting) reject(reason);
    }
  }
}
