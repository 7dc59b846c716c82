/** Copies single numbers from tensors or buffers to one tensor or buffer, in one dispatch. */
import type { Tensor } from "../../../tensor/tensor.ts";
import { memoized, program, type Program } from "../program.ts";
import type { Access, EngineBuffer } from "../run.ts";
import { range } from "./text.ts";

const copyProgram = memoized((count: number): Program =>
  program({
    name: "copy numbers",
    tensors: { out: "u32", ...Object.fromEntries(range(count).map((i) => [`from${i}`, "u32" as const])) },
    params: Object.fromEntries(range(count).flatMap((i) => [`at${i}`, `to${i}`].map((name) => [name, "u32" as const]))),
    workgroup: [1, 1, 1],
    main: range(count)
      .map((i) => `  store_out(p.to${i}, load_from${i}(p.at${i}));\n`)
      .join(""),
  }),
);

/** A number's tensor or buffer, its index there, and the index that its copy gets. */
export type NumberCopy = readonly [from: Tensor | EngineBuffer, at: number, to: number];

export function copyNumbers({ run }: Access, out: Tensor | EngineBuffer, numbers: readonly NumberCopy[]): void {
  const params = numbers.flatMap(([, at, to]) => [at, to]);
  run(
    { program: copyProgram(numbers.length), params, groups: [1, 1, 1], scratchBytes: 4 * numbers.length },
    out,
    ...numbers.map(([from]) => from),
  );
}
