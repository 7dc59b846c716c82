/**
 * How a device does a product: which program, tiles of what size, in how many splits. A function of sizes, storage and facts alone.
 *
 * What a way costs is counted in numbers read from the memory nearest to a thread. Who has u × v numbers of C does u v multiply–adds for each u + v
 * that it reads, so a tile costs rows · columns · terms · (u + v)/(u v), what lies beyond the edges of C included. Tiles run beside one
 * another: fewer than a device can run cost as much as those. A product of few tiles is split along k, which costs something for each number of
 * each split. The cheapest way is taken.
 */
import type { DeviceCapabilities } from "../../capabilities.ts";
import type { Launch } from "../../program.ts";
import { SCRATCH_BYTES } from "../../run.ts";
import { formOf, paramsOf, splitsOf, tilesOf, type Cut, type Form, type Product, type Stored } from "./form.ts";
import { sumsLaunch } from "./sums.ts";
import { waysOf, type Way } from "./ways.ts";

export interface GemmPlan extends Pick<Way, "variant" | "rows" | "columns" | "threads" | "bytes"> {
  readonly splits: number;
  /** Binds C, or the scratch if there are splits; A; B; and the bias, if there is one and no splits. */
  readonly product: Launch;
  /** Binds C, the scratch and the bias. Null where there are no splits. */
  readonly sums: Launch | null;
}

const F32_BYTES = 4;

/** Tiles that run beside one another: two for each core of the largest devices, or some for each of a processor's. */
const BESIDE = { hardware: 256, software: 16 } as const;

/** Of a split, at least. */
const TERMS = 256;
/** A split has a whole multiple of so many terms, so that only the last has the end of a step to itself. */
const STEP = 32;
/** What a number of a split costs: it is written and read again, from the memory farthest from a thread. */
const SPLIT_NUMBER = 16;

const sizeOf = ({ batch, m, n }: Product): number => batch * m * n;

export interface Choice {
  readonly way: Way;
  readonly cut: Cut;
}

function cost({ way, cut }: Choice, product: Product, beside: number): number {
  const [u, v] = way.own;
  const tile = (way.rows * way.columns * cut.length * (u + v)) / (u * v);
  const splits = splitsOf(product, cut);
  return Math.max(tilesOf(product, cut), beside) * tile + (splits > 1 ? splits * sizeOf(product) * SPLIT_NUMBER : 0);
}

/** Unsplit, and in as many splits as make enough tiles. */
function cutsOf({ rows, columns }: Way, product: Product, beside: number): readonly Cut[] {
  const single = { rows, columns, length: Math.max(1, product.k) };
  const room = Math.floor(SCRATCH_BYTES / F32_BYTES / sizeOf(product));
  const splits = Math.min(Math.ceil(beside / tilesOf(product, single)), Math.floor(product.k / TERMS), room);
  return splits < 2 ? [single] : [single, { rows, columns, length: Math.ceil(product.k / splits / STEP) * STEP }];
}

const cheapest = <T>(list: readonly T[], costOf: (one: T) => number): T =>
  list.reduce((best, one) => (costOf(one) < costOf(best) ? one : best));

/** The form of a split, which leaves sums as they are. */
const splitForm = (form: Form): Form => ({ ...form, c: "f32", bias: null });

/** A product done in this way, cut up like this. */
export function planOf(product: Product, stored: Stored, scale: number, { way, cut }: Choice): GemmPlan {
  const form = formOf(product, stored);
  const splits = splitsOf(product, cut);
  const { variant, rows, columns, threads, bytes } = way;
  return {
    variant,
    rows,
    columns,
    threads,
    bytes,
    splits,
    product: {
      program: way.program(splits === 1 ? form : splitForm(form)),
      params: paramsOf(product, cut, splits === 1 ? scale : 1),
      groups: way.groups(tilesOf(product, cut)),
      macs: sizeOf(product) * product.k,
    },
    sums: splits === 1 ? null : sumsLaunch({ size: sizeOf(product), n: product.n, splits, scale }, stored.c, stored.bias),
  };
}

/**
 * @param product of at least one number of C
 * @param scale s of C = s A B + b
 * @throws RangeError where C is in f16 and n is odd
 */
export function gemmPlan(product: Product, stored: Stored, scale: number, facts: DeviceCapabilities): GemmPlan {
  if (stored.c === "f16" && product.n % 2 !== 0) throw new RangeError(`matmul: rows of f16 have an even length, got ${product.n}`);
  const beside = facts.software ? BESIDE.software : BESIDE.hardware;
  const choices = waysOf(product, stored, facts).flatMap((way) => cutsOf(way, product, beside).map((cut) => ({ way, cut })));
  return planOf(
    product,
    stored,
    scale,
    cheapest(choices, (choice) => cost(choice, product, beside)),
  );
}
