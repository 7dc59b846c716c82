/** Faults: what a kernel leaves when it finds bad input, as it cannot throw. They stay until they are read, however much is submitted in between. */
import { fill } from "./kernels/elementwise.ts";
import type { Machine } from "./machine.ts";
import { FAULT_BYTES } from "./run.ts";

/** A machine, and the check for faults of what was dispatched on it. */
export interface Checked<M extends Machine> {
  readonly machine: M;
  /**
   * Reads the fault, after all dispatches so far. Nothing is read where no dispatch since the last fault-free check can have left one.
   *
   * @throws RangeError for a label that is no class
   */
  readonly check: () => Promise<void>;
}

/** The machine must be used through the result, which sees the dispatches that can leave a fault. */
export function checkingFaults<M extends Machine>(plain: M): Checked<M> {
  let [dispatched, checked] = [0, 0];
  const machine: M = {
    ...plain,
    dispatch: (dispatch, memories) => {
      if (memories.includes("faults")) dispatched++;
      plain.dispatch(dispatch, memories);
    },
  };
  const check = async (): Promise<void> => {
    if (checked === dispatched) return;
    const so = dispatched;
    const fault = await machine.read("faults", FAULT_BYTES);
    const [wrong, where = 0] = new Uint32Array(fault);
    if (wrong !== 1) {
      checked = Math.max(checked, so);
      return;
    }
    machine.dispatch(fill(1, 0), ["faults"]);
    throw new RangeError(`oneHot: label ${new Float32Array(fault)[2]} at ${where} is not one of the classes`);
  };
  return { machine, check };
}
