/** Positions for another grid, by each of the library's rules; and what each does to the length of vectors. */
import { evaluateOne, hostArray, type HostArray } from "deit/check";
import { fold, keyOf, normalAt, positionResize, referenceEngine, resizeMatrix, sineCosine, type Resampling } from "deit";

/** `deit` is (E16)–(E17), `timm` its current rule; `bilinear` and `nearest` are PyTorch's. */
export const methods = ["deit", "timm", "bilinear", "nearest"] as const satisfies readonly Resampling[];
export type Method = (typeof methods)[number];

/** u of (E16): where output i lies among the inputs. */
export const placeOf = (n: number, m: number, i: number): number => (n / m) * (i + 0.5) - 0.5;

/** R of a method, [m, n]. */
export const matrixOf = (n: number, m: number, method: Method): HostArray => hostArray([m, n], resizeMatrix(n, m, method));

/** D of the positions whose length is measured. */
const WIDTH = 32;
const SEED = 7;

/** Which positions are resized: independent normal numbers, as at the start of a training, or smooth ones, sines and cosines of row and column. */
export type Positions = "random" | "smooth";

/** Positions of an n×n grid, [1, n², D]. */
export function positionsOf(n: number, kind: Positions): HostArray {
  const key = fold(keyOf(SEED), "positions");
  if (kind === "random")
    return hostArray(
      [1, n * n, WIDTH],
      Array.from({ length: n * n * WIDTH }, (_, i) => normalAt(key, i)),
    );
  const half = sineCosine(n, WIDTH / 2); // of a row or of a column
  const side = Array.from({ length: n }, (_, i) => [...half.subarray((i * WIDTH) / 2, ((i + 1) * WIDTH) / 2)]);
  return hostArray(
    [1, n * n, WIDTH],
    side.flatMap((row) => side.flatMap((column) => [...row, ...column])),
  );
}

const engine = referenceEngine();

/** R X Rᵀ per channel, [1, n², D] → [1, m², D]. */
const resized = (pos: HostArray, n: number, m: number, resampling: Method): Promise<HostArray> =>
  evaluateOne(engine, (k) => {
    const attrs = { from: [n, n], to: [m, m], prefix: 0, resampling } as const;
    return positionResize.forward(k, { pos: k.upload(pos.shape, pos.data) }, attrs).out;
  });

/** The root of the mean square of the lengths of the rows. */
function lengthOf({ data }: HostArray): number {
  const squares = data.reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(squares / (data.length / WIDTH));
}

/** How many of the resized vectors differ from each other. */
function distinctIn({ data }: HostArray): number {
  const rows = Array.from({ length: data.length / WIDTH }, (_, i) => data.subarray(i * WIDTH, (i + 1) * WIDTH).join(" "));
  return new Set(rows).size;
}

/** What a method does to vectors. */
export interface Kept {
  readonly method: Method;
  /** The length of the resized vectors as a share of the length before. */
  readonly random: number;
  readonly smooth: number;
  /** How many different vectors there are. */
  readonly distinct: number;
  /** Largest difference of an entry of R from DeiT's. */
  readonly difference: number;
}

/** Every method, from a grid of n×n to m×m. */
export async function keptBy(n: number, m: number): Promise<readonly Kept[]> {
  const ours = matrixOf(n, m, "deit").data;
  const [random, smooth] = [positionsOf(n, "random"), positionsOf(n, "smooth")];
  const all: Kept[] = [];
  for (const method of methods) {
    const after = await resized(random, n, m, method);
    all.push({
      method,
      random: lengthOf(after) / lengthOf(random),
      smooth: lengthOf(await resized(smooth, n, m, method)) / lengthOf(smooth),
      distinct: distinctIn(after),
      difference: Math.max(...matrixOf(n, m, method).data.map((x, at) => Math.abs(x - (ours[at] ?? 0)))),
    });
  }
  return all;
}

/** Row i of R, by every method. */
export const rowsOf = (n: number, m: number, i: number): readonly { readonly method: Method; readonly row: readonly number[] }[] =>
  methods.map((method) => ({ method, row: [...matrixOf(n, m, method).data.subarray(i * n, (i + 1) * n)] }));
