/** Renews the report of a run at the ends of its epochs, for a small share of the run's time. */
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import type { RunView } from "../../train/run/view.ts";
import { messageOf, oneLine, say } from "../output.ts";
import type { ReportedRun, RunningReport } from "./report.ts";

/** The share of a run's time that its reports may take. */
const SHARE = 0.05;
/** Before the first, in ms: shorter runs have only the report at their end. */
const FIRST_MS = 15_000;

/** Renews the report of a run. */
export interface Renewing {
  /** Writes the report, if it is time. A report that cannot be written does not end the run. @throws DeviceLostError */
  readonly renew: (engine: Engine, view: RunView) => Promise<void>;
  /** To be called when the run has been stopped. */
  readonly stopped: () => Promise<void>;
  readonly close: () => void;
}

/** Renews the report of this run from now on. */
export function renewing(run: ReportedRun): Renewing {
  let report: RunningReport | null = null;
  let next = performance.now() + FIRST_MS;
  const trying = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      if (error instanceof DeviceLostError) throw error;
      next = Infinity;
      say(`no report while the run goes on: ${oneLine(messageOf(error))}`);
    }
  };
  const write = async (engine: Engine, view: RunView): Promise<void> => {
    const { openRunningReport } = await import("./report.ts"); // only now, since it loads the drawing libraries
    const start = performance.now();
    report ??= openRunningReport(run);
    await report.write(engine, view);
    const end = performance.now();
    next = end + (end - start) / SHARE;
  };
  return {
    renew: async (engine, view) => {
      if (performance.now() >= next) await trying(() => write(engine, view));
    },
    stopped: () => trying(async () => report?.stopped()),
    close: () => report?.close(),
  };
}
