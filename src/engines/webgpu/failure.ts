/** Why a device can no longer be used. */
import { DeviceLostError } from "../../tensor/errors.ts";

export class DeviceFailure {
  #error: Error | null = null;
  readonly #lost: Promise<unknown>;

  /** Watches for the loss of the device, and for errors that no call reports. */
  constructor(device: GPUDevice) {
    this.#lost = device.lost
      .then(({ message }) => this.set(new DeviceLostError(`webgpu: the device is lost${message === "" ? "" : `: ${message}`}`)))
      .catch(() => undefined);
    device.addEventListener("uncapturederror", ({ error }) => {
      this.set(new Error(`webgpu: ${error.message.split("\n")[0]}`)); // further lines are positions in Dawn's source
    });
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
    return this.#error ?? error;
  }
}
