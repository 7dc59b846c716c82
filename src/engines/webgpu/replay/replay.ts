/**
 * Command replay: what an op did is done again without the op, the same memory taken and freed, the same dispatches. So the host need not go
 * through a network op by op at each training step.
 *
 * An op is a function of its arguments; of tensors, only shapes, storage and which of them are the same decide what it does. Calls that have these
 * and all other values in common do the same, wherever their memory lies. The second such call is captured, as many a call is made only once.
 * Not captured is what depends on more: uploads of numbers of the host, tables of addresses, the death of an argument. Ops that someone observes
 * are not replayed (region.ts).
 */
import { tensor, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import { mapTree } from "../../../tensor/tree.ts";
import type { HeapBlock } from "../../heap.ts";
import type { Capturable } from "../../region.ts";
import { callKey } from "./callKey.ts";
import { blockAt, Capture, type CapturedCall, type ReplayBackend } from "./capture.ts";
import type { Bindable } from "../machine.ts";
import type { Dispatch } from "../program.ts";

/** The most calls of an op that are remembered: calls with ever new arguments would fill the memory. */
const MOST_KEPT = 100;

/** What is known of a call: it was made once; it cannot be captured; or what it did. */
type Known = "once" | "never" | CapturedCall;

export class Replay {
  readonly #backend: ReplayBackend;
  readonly #remembered = new Map<object, Map<string, Known>>();
  /** The capture of the call that is running; null: none is captured. */
  #capture: Capture | null = null;

  constructor(backend: ReplayBackend) {
    this.#backend = backend;
  }

  readonly capturable: Capturable = (op, args, run) => {
    if (this.#capture !== null) return run(); // ops within a captured op are captured with it
    const numbers = new Map<HeapBlock, number>();
    const key = callKey(args, numbers, this.#backend.isLive);
    if (key === null) return run();
    const calls = this.#callsOf(op);
    const known = calls.get(key);
    if (known === "never") return run();
    if (known === undefined) {
      calls.set(key, "once");
      return run();
    }
    if (known !== "once") return this.#replay(known, [...numbers.keys()]);
    const [result, captured] = this.#captured(numbers, run);
    calls.set(key, captured ?? "never");
    return result;
  };

  /** The engine reports here what it does. */
  taken(block: HeapBlock): void {
    this.#capture?.taken(block);
  }

  freed(block: HeapBlock): void {
    this.#capture?.freed(block);
  }

  kept(t: Tensor, shape: Shape, elementBytes: number | undefined, address: number): void {
    this.#capture?.kept(t, shape, elementBytes, address);
  }

  dispatched(dispatch: Dispatch, memories: readonly Bindable[]): void {
    this.#capture?.dispatched(dispatch, memories);
  }

  /** What happens now depends on more than shapes: the call at work cannot be replayed. */
  invalidate(): void {
    this.#capture?.invalidate();
  }

  #captured(numbers: Map<HeapBlock, number>, run: () => unknown): readonly [result: unknown, captured: CapturedCall | null] {
    const capture = new Capture(this.#backend, numbers);
    this.#capture = capture;
    try {
      const result = run();
      return [result, capture.end(result)];
    } finally {
      this.#capture = null;
    }
  }

  #replay({ commands, result, numbers, kernels, macs }: CapturedCall, blocks: HeapBlock[]): unknown {
    for (const command of commands) command(blocks);
    this.#backend.count(kernels, macs);
    return mapTree(result, ({ shape, block }) => tensor(shape, blockAt(blocks, numbers.get(block) ?? 0)));
  }

  #callsOf(op: object): Map<string, Known> {
    const found = this.#remembered.get(op) ?? new Map<string, Known>();
    if (found.size >= MOST_KEPT) found.clear();
    this.#remembered.set(op, found);
    return found;
  }
}
