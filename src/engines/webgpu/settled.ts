/** The clock and the counts of a machine, which hold when the dispatches that are held back have been emitted. */
import type { Asynchronous, Stopwatch } from "../../kernels/engine.ts";
import type { DeviceMachine } from "./device/device.ts";
import type { Checked } from "./faults.ts";

const settledStopwatch = ({ cut, read }: Stopwatch, settle: () => void): Stopwatch => ({
  cut: () => {
    settle();
    cut();
  },
  read: () => {
    settle();
    return read();
  },
});

/** @param settle emits them */
export const settled = ({ machine, check }: Checked<DeviceMachine>, settle: () => void): Asynchronous => ({
  allocated: machine.allocated,
  smallerWork: machine.smallerWork,
  finish: async () => {
    settle();
    await Promise.all([check(), machine.finish()]); // in one command buffer
  },
  sent: () => {
    settle();
    return machine.sent();
  },
  stopwatch: machine.stopwatch && settledStopwatch(machine.stopwatch, settle),
});
