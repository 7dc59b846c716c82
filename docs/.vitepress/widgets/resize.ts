/** Positions for another grid, by the library's two rules and by two that are not DeiT's; and what each does to the length of vectors. */
import { evaluateOne, hostArray, type HostArray } from "deit/check";
import { fold, keyOf, normalAt, positionResize, referenceEngine, resizeMatrix, sineCosine, type Tensor } from "deit";

/** `deit` is (E16)–(E17), `timm` its current rule; `bilinear` and `nearest` are other people's. */
export const methods = ["deit", "timm", "bilinear", "nearest"] as const;
export type Method = (typeof methods)[number];

/** u of (E16): where output i lies among the inputs. */
export const placeOf = (n: number, m: number, i: number): number => (n / m) * (i + 0.5) - 0.5;

/** Bilinear interpolation, which clamps u at the borders. */
function rowBilinear(n: number, m: number, i: number): readonly number[] {
  const u = Math.min(Math.max(placeOf(n, m, i), 0), n - 1);
  return Array.from({ length: n }, (_, j) => Math.max(0, 1 - Math.abs(u - j)));
}

const rowNearest = (n: number, m: number, i: number): readonly number[] =>
  Array.from({ length: n }, (_, j) => (j === Math.floor((i + 0.5) * (n / m)) ? 1 : 0));

/** R of a method, [m, n]. */
export function matrixOf(n: number, m: number, method: Method): HostArray {
  if (method === "deit" || method === "timm") return hostArray([m, n], resizeMatrix(n, m, method));
  const row = method === "bilinear" ? rowBilinear : rowNearest;
  return hostArray([m, n], Array.from({ length: m }, (_, i) => row(n, m, i)).flat());
}

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

/** R X Rᵀ per channel, [1, n², D] → [1, m², D]. The library's methods by `positionResize`, the others by their matrix. */
function resized(pos: HostArray, n: number, m: number, method: Method): Promise<HostArray> {
  if (method === "deit" || method === "timm")
    return evaluateOne(engine, (k) => {
      const attrs = { from: [n, n], to: [m, m], prefix: 0, resampling: method } as const;
      return positionResize.forward(k, { pos: k.upload(pos.shape, pos.data) }, attrs).out;
    });
  const R = matrixOf(n, m, method);
  return evaluateOne(engine, (k) => {
    const matrix = k.upload(R.shape, R.data);
    const along = (map: Tensor, other: number): Tensor =>
      // [n, other, D] → [other, m, D]
      k.permute(k.reshape(k.matmul(matrix, k.reshape(map, [n, other * WIDTH])), [m, other, WIDTH]), [1, 0, 2]);
    return k.reshape(along(along(k.upload([n, n, WIDTH], pos.data), n), m), [1, m * m, WIDTH]);
  });
}

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
