/** The engines that laws, planted errors and recordings run on. */
import { describe } from "vitest";
import type { Engines } from "../../src/check/engines.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, whyNoGpu } from "./gpu.ts";
import { lane } from "./lane.ts";
import { relaxedSimd } from "./relaxedSimd.ts";
import { singleEngine } from "./singleEngine.ts";

export interface CheckedEngine {
  readonly name: string;
  readonly make: () => Promise<Engine>;
  /** The number of cases on this engine, as a share of those on the reference engine. */
  readonly share: number;
  /** Whether models of full size run on it. */
  readonly large: boolean;
}

/** The reference engine runs all cases; the others run fewer cases of the same laws. */
export const engines: readonly CheckedEngine[] = [
  { name: "reference", make: () => Promise.resolve(referenceEngine()), share: 1, large: true },
  { name: "single", make: () => Promise.resolve(singleEngine()), share: 0.1, large: false },
  { name: "wasm", make: () => wasmEngine(), share: 0.4, large: true },
  { name: "wasm (debug build)", make: () => wasmEngine({ build: "debug" }), share: 0.1, large: false },
  { name: "wasm (2 threads)", make: () => wasmEngine({ threads: 2, chunks: "smallest" }), share: 0.1, large: false },
  ...(whyNoGpu === null
    ? [
        {
          name: "webgpu",
          make: async () => webgpuEngine({ device: await gpuDevice({ limits: "default" }), poison: true }),
          share: 0.02,
          large: false,
        },
      ]
    : []),
  ...(relaxedSimd ? [{ name: "wasm-fma", make: () => wasmEngine({ build: "fma" }), share: 0.1, large: false }] : []),
];

/** The suite of one engine. */
export interface Suite {
  readonly name: string;
  /** The engine and a reference engine, made once. */
  readonly made: Promise<Engines>;
  /** The number of cases on this engine for this number on the reference engine; at least one. */
  readonly cases: (onReference: number) => number;
  readonly large: boolean;
}

function onEach(among: readonly CheckedEngine[], body: (suite: Suite) => void): void {
  describe.each(among)("on the $name engine", ({ name, make, share, large }) => {
    const made = make().then((engine) => ({ engine, reference: engine.precision === "f64" ? engine : referenceEngine() }));
    body({ name, made, cases: (onReference) => Math.ceil(share * onReference), large });
  });
}

/** A suite for each engine. */
export const onEachEngine = (body: (suite: Suite) => void): void => onEach(engines, body);

/** The same for tests that take long: `npm test` leaves out the suites of these engines, and `npm run test:slow` runs only them. */
export const onEachEngineByLane = (later: readonly string[], body: (suite: Suite) => void): void =>
  onEach(
    engines.filter(({ name }) => (later.includes(name) ? lane !== "fast" : lane !== "slow")),
    body,
  );

/** A suite in f64 and one in f32, for tests that depend on an engine's precision only. */
export const inEachPrecision = (body: (suite: Suite) => void): void =>
  onEach(
    engines.filter(({ name }) => name === "reference" || name === "wasm"),
    body,
  );
