/** `deit bench init`: drawing the initial parameters on the host and uploading them to the engine. */
import type { Kernels } from "../kernels/kernels.ts";
import type { DeitConfig } from "../model/config.ts";
import { initialParams } from "../model/init.ts";
import { parameterCount } from "../model/params.ts";
import { keyOf } from "../tensor/key.ts";
import type { Spread } from "./statistics.ts";
import { timed, type TimingOptions } from "./timing.ts";

export interface InitTiming {
  /** Number of parameters. */
  readonly parameters: number;
  /** Time for all of them together. */
  readonly ms: Spread;
}

export function benchInit(k: Kernels, config: DeitConfig, options: TimingOptions): InitTiming {
  const run = (): void =>
    k.region("bench init", () => {
      initialParams(k, config, keyOf(0));
    });
  return { parameters: parameterCount(config), ms: timed({ run }, options) };
}
