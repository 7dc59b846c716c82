/** Why a device can no longer be used. */
import { DeviceLostError, MemoryError } from "../../../tensor/errors.ts";

/** By its name, since the class is a global that only browsers have. */
const isOutOfMemory = (error: GPUError): boolean => error.constructor.name === "GPUOutOfMemoryError";

export class DeviceFailure {
  #error: Error | null = null;
  #known: Promise<unknown> = Promise.resolve();
  readonly #lost: Promise<unknown>;

  /**
   * Watches for the loss of the device, and for errors that no call reports.
   *
   * @param held bytes of memory that the engine holds
   */
  constructor(device: GPUDevice, held: () => number) {
    this.#lost = device.lost
      .then(({ message }) => this.set(new DeviceLostError(`webgpu: the device is lost${message === "" ? "" : `: ${message}`}`)))
      .catch(() => undefined);
    device.addEventListener("uncapturederror", ({ error }) => {
      const bytes = held();
      const failure = isOutOfMemory(error)
        ? new MemoryError("webgpu", { needed: bytes, capacity: bytes }, "; the device has no more for its commands")
        : new Error(`webgpu: ${error.message.split("\n")[0]}`); // further lines are positions in Dawn's source
      void this.#known.then(() => this.set(failure));
    });
  }

  /** Holds back later errors until this is known, as it may be their cause: commands on a buffer without memory are reported as invalid. */
  awaits(cause: Promise<void>): void {
    this.#known = Promise.all([this.#known, cause]);
  }

  /** Resolves when every failure so far is known. @throws the first failure */
  async checkAll(): Promise<void> {
    await this.#known;
    this.check();
  }

  /** The first failure; null: there is none. */
  get error(): Error | null {
    return this.#error;
  }

  set(error: Error): void {
    this.#error ??= error;
  }

  /** @throws the first failure */
  check(): void {
    if (this.#error !== null) throw this.#error;
  }

  /** The error of a read that was rejected. A lost device aborts its reads before it reports the loss. */
  async reasonOf(error: unknown): Promise<unknown> {
    if (error instanceof Error && error.name === "AbortError") await this.#lost;
    await this.#known;
    return this.#error ?? error;
  }
}
