/**
 * What half precision would do to a program's numbers: to each op's output, and to each incoming cotangent. An observer counts them on the
 * engine; the counts are read after the run. A fused kernel is one op, and blocks share a row, as in profile.ts.
 *
 *   |x| > 65504 or NaN           beyond f16: becomes infinity or NaN
 *   2⁻²⁴ ≤ |x| < 2⁻¹⁴            subnormal: keeps fewer bits the smaller it is
 *   0 < |x| < 2⁻²⁴               flushed to 0, or rounded up to 2⁻²⁴ at best
 */
import type { Engine } from "../kernels/engine.ts";
import type { Call, Kernels, Visitor } from "../kernels/kernels.ts";
import { observe } from "../ops/observe.ts";
import { size, type Tensor } from "../tensor/tensor.ts";
import { named } from "../tensor/tree.ts";
import { folded } from "./profile.ts";
import { reserveProgram, type Program } from "./program.ts";

const LARGEST = 65_504;
const SMALLEST_NORMAL = 2 ** -14;
const SMALLEST = 2 ** -24;

export interface Range {
  /** How many numbers were seen. */
  readonly numbers: number;
  /** Largest magnitude of the finite ones. */
  readonly largest: number;
  /** Shares of all numbers. */
  readonly flushed: number;
  readonly subnormal: number;
  readonly beyond: number;
}

export interface OpRange {
  /** `blocks.*.attn.qkv`; if the value is a record, with the name of its part appended. */
  readonly path: string;
  /** How many paths share this row. */
  readonly places: number;
  /** null: the op had none. */
  readonly output: Range | null;
  readonly cotangent: Range | null;
}

type Kind = "output" | "cotangent";

/** Reduces the last axis, then all that is left; the result is [1]. */
function overAll(k: Kernels, reduce: (t: Tensor) => Tensor, t: Tensor): Tensor {
  const rows = reduce(t.shape.length === 0 ? k.reshape(t, [1]) : t);
  return reduce(k.reshape(rows, [size(rows.shape)]));
}

/** [6]: the largest finite magnitude, then how many magnitudes are ≥ 0, ≤ 0, ≥ 2⁻²⁴, ≥ 2⁻¹⁴ and ≤ 65504. NaN counts nowhere. */
function counted(k: Kernels, x: Tensor): Tensor {
  const magnitude = k.where(k.step(x), x, k.scale(x, -1));
  const atLeast = (bound: number): Tensor => overAll(k, k.sumLast, k.step(k.addScalar(magnitude, -bound)));
  const atMost = (bound: number): Tensor => overAll(k, k.sumLast, k.step(k.addScalar(k.scale(magnitude, -1), bound)));
  const largest = overAll(k, k.maxLast, k.where(k.isFinite(x), magnitude, k.zeros(x.shape)));
  return k.concat([largest, atLeast(0), atMost(0), atLeast(SMALLEST), atLeast(SMALLEST_NORMAL), atMost(LARGEST)], 0);
}

/** A tensor whose numbers are counted. */
interface Seen {
  readonly numbers: number;
  readonly counts: Promise<ArrayLike<number>>;
}

/** All tensors that share a row. */
interface Row {
  readonly places: Set<string>;
  readonly output: Seen[];
  readonly cotangent: Seen[];
}

/** The range over all of these tensors; null: there are none. */
async function rangeOf(seen: readonly Seen[]): Promise<Range | null> {
  if (seen.length === 0) return null;
  let [numbers, largest, flushed, subnormal, beyond] = [0, 0, 0, 0, 0];
  for (const one of seen) {
    const [most = NaN, all = NaN, zeros = NaN, held = NaN, normal = NaN, within = NaN] = Array.from(await one.counts);
    numbers += one.numbers;
    largest = Math.max(largest, most);
    flushed += all - zeros - held;
    subnormal += held - normal;
    beyond += one.numbers - within;
  }
  return { numbers, largest, flushed: flushed / numbers, subnormal: subnormal / numbers, beyond: beyond / numbers };
}

/** `blocks.3.attn/attention`: an op without a name of its own. It is recorded only if no part of it shows the same tensor. */
const isInline = ({ path }: Call): boolean => path.includes("/");

/** Whether a fused kernel is running its op's definition: the same call a second time. */
const isDefinition = (call: Call, caller: Call | undefined): boolean => call.op === caller?.op && call.path.startsWith(caller.path);

interface Open {
  readonly call: Call;
  hasParts: boolean;
}

/** An observer, and the ranges that it has recorded; call `ranges` after the run. */
export function rangeWatcher(engine: Engine): { readonly visitor: Visitor; readonly ranges: () => Promise<readonly OpRange[]> } {
  const k = engine.kernels;
  const rows = new Map<string, Row>();
  const open: Open[] = [];
  const see = (kind: Kind, call: Call, value: unknown): void => {
    for (const [part, t] of named(value))
      k.region("ranges", () => {
        const path = part === "" ? call.path : `${call.path}.${part}`;
        const row = rows.get(folded(path)) ?? { places: new Set(), output: [], cotangent: [] };
        rows.set(folded(path), row);
        row.places.add(path);
        row[kind].push({ numbers: size(t.shape), counts: engine.read(counted(k, t)) });
        return null;
      });
  };
  const visitor: Visitor = {
    before: (call) => {
      const caller = open.at(-1);
      if (caller !== undefined) caller.hasParts = true;
      open.push({ call, hasParts: false });
      if (call.phase === "vjp" && !isInline(call) && !isDefinition(call, caller?.call)) see("cotangent", call, call.dOut);
    },
    after: (call, out) => {
      const { hasParts = false } = open.pop() ?? {};
      if ((isInline(call) && hasParts) || isDefinition(call, open.at(-1)?.call)) return;
      if (call.phase === "forward") see("output", call, out);
      if (call.phase === "vjp" && isInline(call)) see("cotangent", call, call.dOut);
    },
  };
  const ranges = (): Promise<readonly OpRange[]> =>
    Promise.all(
      [...rows].map(async ([path, { places, output, cotangent }]) => ({
        path,
        places: places.size,
        output: await rangeOf(output),
        cotangent: await rangeOf(cotangent),
      })),
    );
  return { visitor, ranges };
}

/**
 * The ranges of one run on B images.
 *
 * @throws MemoryError before the run, if the program does not fit
 */
export async function programRanges(engine: Engine, program: Program, B: number): Promise<readonly OpRange[]> {
  reserveProgram(engine, program, B);
  const { visitor, ranges } = rangeWatcher(engine);
  program.work(observe(engine.kernels, visitor), B).run();
  return ranges();
}
