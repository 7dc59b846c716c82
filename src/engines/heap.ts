/** Addresses in one linear memory: exact sizes, last in first out. Bookkeeping only, so that a plan (abstract engine) equals the use. */

/** Blocks start at multiples of this many bytes and are as long as such a multiple. */
const GRAIN = 64;

/** At least one grain, so that an empty tensor has an address of its own too. */
const rounded = (bytes: number): number => Math.max(GRAIN, Math.ceil(bytes / GRAIN) * GRAIN);

export class Heap {
  #top = GRAIN; // address 0 is never handed out
  #live = 0;
  #peak = 0;
  readonly #free = new Map<number, number[]>();

  /** An address for `bytes`: that of the block of this size which was given back last, else a new one at the top. */
  take(bytes: number): number {
    const n = rounded(bytes);
    this.#live += n;
    this.#peak = Math.max(this.#peak, this.#live);
    const recycled = this.#free.get(n)?.pop();
    if (recycled !== undefined) return recycled;
    this.#top += n;
    return this.#top - n;
  }

  give(address: number, bytes: number): void {
    const n = rounded(bytes);
    this.#live -= n;
    const list = this.#free.get(n);
    if (list === undefined) this.#free.set(n, [address]);
    else list.push(address);
  }

  /** Bytes in use; the most ever in use; handed out anew so far, which is also where the next new block would start. */
  report(): { readonly live: number; readonly peak: number; readonly top: number } {
    return { live: this.#live, peak: this.#peak, top: this.#top };
  }
}
