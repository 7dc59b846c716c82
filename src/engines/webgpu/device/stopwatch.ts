/**
 * How long a device works, part by part: the compute passes of a part write the device's own time when they begin and end, and the host reads all
 * times at the end. A pass ends where a part does, so dispatches of two parts never overlap while they are timed.
 */
import type { Stopwatch } from "../../../kernels/engine.ts";
import { usage } from "../capabilities.ts";

/** The most times of a query set; a pass has two. */
const SET = 4096;
const TIME_BYTES = 8;
const NANO_TO_MS = 1e-6;

export interface PassClock {
  /** The descriptor of a pass that begins now; empty unless someone measures. */
  readonly pass: () => GPUComputePassDescriptor;
  readonly stopwatch: Stopwatch;
}

/**
 * @param endPass ends the open pass
 * @param flush submits the open command buffer
 */
export function passClockOn(device: GPUDevice, endPass: () => void, flush: () => void): PassClock {
  const sets: GPUQuerySet[] = [];
  /** For each pass, the index of its part. */
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

  /** Begin and end of each pass in turn, in nanoseconds. */
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
