/**
 * How long a device works, part by part: the compute passes of a part write the device's own time when they begin and end, and all times are
 * read at the end. A pass ends where a part does, so it is as if launches of two parts never overlapped.
 */
import type { Stopwatch } from "../../kernels/engine.ts";
import { usage } from "./capabilities.ts";

/** Times in one set at most, two a pass. */
const SET = 4096;
const TIME_BYTES = 8;
const NANO_TO_MS = 1e-6;

export interface PassClock {
  /** What a pass that begins now is to write; empty where nobody measures. */
  readonly pass: () => GPUComputePassDescriptor;
  readonly stopwatch: Stopwatch;
}

/**
 * @param endPass ends the pass that is open
 * @param flush sends what has been collected
 */
export function passClockOn(device: GPUDevice, endPass: () => void, flush: () => void): PassClock {
  const sets: GPUQuerySet[] = [];
  /** The part of each pass. */
  let parts: number[] = [];
  let cuts = 0;

  const pass = (): GPUComputePassDescriptor => {
    if (cuts === 0) return {};
    const at = 2 * parts.length;
    parts.push(cuts - 1);
    const set = Math.floor(at / SET);
    const querySet = (sets[set] ??= device.createQuerySet({ type: "timestamp", count: SET }));
    return { timestampWrites: { querySet, beginningOfPassWriteIndex: at % SET, endOfPassWriteIndex: (at % SET) + 1 } };
  };

  /** In the order of the passes: begin, end, begin, … in nanoseconds. */
  async function times(count: number): Promise<BigUint64Array> {
    const bytes = count * TIME_BYTES;
    const resolved = device.createBuffer({ label: "times", size: bytes, usage: usage.times });
    const staging = device.createBuffer({ label: "times", size: bytes, usage: usage.staging });
    const encoder = device.createCommandEncoder();
    sets.forEach((set, i) => {
      const some = Math.min(SET, count - i * SET);
      if (some > 0) encoder.resolveQuerySet(set, 0, some, resolved, i * SET * TIME_BYTES);
    });
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1); // 1: for reading
    const found = new BigUint64Array(staging.getMappedRange().slice(0));
    for (const buffer of [resolved, staging]) buffer.destroy();
    return found;
  }

  const read: Stopwatch["read"] = async () => {
    endPass();
    flush();
    const [passParts, sums] = [parts, Array.from({ length: cuts }, () => 0)];
    [parts, cuts] = [[], 0];
    if (passParts.length === 0) return { parts: sums, whole: 0 };
    const found = await times(2 * passParts.length);
    const ms = (from: number, to: number): number => Number((found[to] ?? 0n) - (found[from] ?? 0n)) * NANO_TO_MS;
    passParts.forEach((part, i) => (sums[part] = (sums[part] ?? 0) + ms(2 * i, 2 * i + 1)));
    return { parts: sums, whole: ms(0, found.length - 1) };
  };

  const cut = (): void => {
    endPass();
    cuts++;
  };
  return { pass, stopwatch: { cut, read } };
}
