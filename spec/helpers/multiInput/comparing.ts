/** Operators with kinks where numbers of different inputs, or their sums or products, are equal. */
import { elementwise, type MultiInputOp } from "./op.ts";

const is = Number;
const huber = (d: number): number => (Math.abs(d) < 1 ? (d * d) / 2 : Math.abs(d) - 1 / 2);
const limited = (d: number): number => Math.max(-1, Math.min(1, d));
const median = (x: number, y: number, z: number): number => Math.max(Math.min(x, y), Math.min(Math.max(x, y), z));
const isMedian = (a: number, x: number, y: number, z: number): number => is(a === median(x, y, z));

export const comparingOps: readonly MultiInputOp[] = [
  elementwise("max(x, y)", { x: [4], y: [4] }, Math.max, { x: (x, y) => is(x > y), y: (x, y) => is(y > x) }, {
    wrong: { "the branches exchanged": { x: (x, y) => is(x < y), y: (x, y) => is(y < x) }, halves: { x: () => 1 / 2, y: () => 1 / 2 } },
  }),
  elementwise("min(x, y), y a scalar", { x: [2, 3], y: [] }, Math.min, { x: (x, y) => is(x < y), y: (x, y) => is(y < x) }, {
    wrong: { "of the larger": { y: (x, y) => is(y > x) } },
  }),
  elementwise("|x − y|", { x: [4], y: [4] }, (x, y) => Math.abs(x - y), { x: (x, y) => Math.sign(x - y), y: (x, y) => Math.sign(y - x) }),
  elementwise("relu(x − y), a row for all", { x: [3, 2], y: [2] }, (x, y) => Math.max(x - y, 0), { x: (x, y) => is(x > y), y: (x, y) => -is(x > y) }, {
    wrong: { "everywhere": { x: () => 1 }, "by the sign of x": { x: (x) => is(x > 0) } },
  }),
  elementwise("Huber loss of x − y", { x: [4], y: [4] }, (x, y) => huber(x - y), { x: (x, y) => limited(x - y), y: (x, y) => limited(y - x) }, {
    wrong: { "not limited": { x: (x, y) => x - y }, "only the sign": { y: (x, y) => Math.sign(y - x) } },
  }),
  elementwise("hinge loss max(0, 1 − xy)", { x: [4], y: [4] }, (x, y) => Math.max(0, 1 - x * y), { x: (x, y) => (x * y < 1 ? -y : 0), y: (x, y) => (x * y < 1 ? -x : 0) }, {
    wrong: { "the margin left out": { x: (x, y) => (x * y < 0 ? -y : 0) } },
  }),
  elementwise("squared hinge loss", { x: [4], y: [1] }, (x, y) => Math.max(0, 1 - x * y) ** 2, { x: (x, y) => -2 * y * Math.max(0, 1 - x * y), y: (x, y) => -2 * x * Math.max(0, 1 - x * y) }),
  elementwise("(x − y)·|x − y|", { x: [4], y: [4] }, (x, y) => (x - y) * Math.abs(x - y), { x: (x, y) => 2 * Math.abs(x - y), y: (x, y) => -2 * Math.abs(x - y) }),
  elementwise("||x| − |y||", { x: [4], y: [4] }, (x, y) => Math.abs(Math.abs(x) - Math.abs(y)), { x: (x, y) => Math.sign(x) * Math.sign(Math.abs(x) - Math.abs(y)), y: (x, y) => -Math.sign(y) * Math.sign(Math.abs(x) - Math.abs(y)) }, {
    wrong: { "by x − y": { x: (x, y) => Math.sign(x - y) } },
  }),
  elementwise("|x + y|, of two scalars", { x: [], y: [] }, (x, y) => Math.abs(x + y), { x: (x, y) => Math.sign(x + y), y: (x, y) => Math.sign(x + y) }, { symmetric: true }),
  elementwise("x − y⌊x/y⌋", { x: [4], y: [4] }, (x, y) => x - y * Math.floor(x / y), { x: () => 1, y: (x, y) => -Math.floor(x / y) }, {
    wrong: { "not rounded": { y: (x, y) => -x / y } },
  }),
  elementwise("x² where x > y, else y³", { x: [4], y: [4] }, (x, y) => (x > y ? x * x : y ** 3), { x: (x, y) => (x > y ? 2 * x : 0), y: (x, y) => (x > y ? 0 : 3 * y * y) }, {
    wrong: { "the branches exchanged": { x: (x, y) => (x < y ? 2 * x : 0), y: (x, y) => (x < y ? 0 : 3 * y * y) } },
  }),
  elementwise("z where x > y, else −xz", { x: [4], y: [4], z: [4] }, (x, y, z) => (x > y ? z : -x * z), { x: (x, y, z) => (x > y ? 0 : -z), y: () => 0, z: (x, y) => (x > y ? 1 : -x) }, {
    flat: ["y"], wrong: { "one branch": { z: () => 1 }, "a gradient of the condition": { y: (_x, _y, z) => z } },
  }),
  elementwise("clamp(x, lo, hi), of scalars", { x: [2, 3], lo: [], hi: [] }, (x, lo, hi) => Math.min(Math.max(x, lo), hi), { x: (x, lo, hi) => is(x > lo && x < hi), lo: (x, lo, hi) => is(x < lo && lo < hi), hi: (x, lo, hi) => is(hi < Math.max(x, lo)) }, {
    wrong: { "everywhere": { x: () => 1 }, "lo and hi exchanged": { lo: (x, lo, hi) => is(hi < Math.max(x, lo)), hi: (x, lo, hi) => is(x < lo && lo < hi) } },
  }),
  elementwise("clamp(x, lo, hi), of arrays", { x: [4], lo: [4], hi: [4] }, (x, lo, hi) => Math.min(Math.max(x, lo), hi), { x: (x, lo, hi) => is(x > lo && x < hi), lo: (x, lo, hi) => is(x < lo && lo < hi), hi: (x, lo, hi) => is(hi < Math.max(x, lo)) }),
  elementwise("the median of three", { x: [4], y: [4], z: [4] }, (x, y, z) => median(x ?? NaN, y ?? NaN, z ?? NaN), { x: (x = NaN, y = NaN, z = NaN) => isMedian(x, x, y, z), y: (x = NaN, y = NaN, z = NaN) => isMedian(y, x, y, z), z: (x = NaN, y = NaN, z = NaN) => isMedian(z, x, y, z) }, {
    wrong: { "of the largest": { x: (x = NaN, y = NaN, z = NaN) => is(x > Math.max(y, z)) } },
  }),
  elementwise("relu(x + y − z)", { x: [4], y: [4], z: [4] }, (x, y, z) => Math.max(x + y - z, 0), { x: (x, y, z) => is(x + y > z), y: (x, y, z) => is(x + y > z), z: (x, y, z) => -is(x + y > z) }, {
    symmetric: true, wrong: { "z left out": { x: (x, y) => is(x + y > 0) } },
  }),
  elementwise("relu(xy − z), z a scalar", { x: [2, 3], y: [3], z: [] }, (x, y, z) => Math.max(x * y - z, 0), { x: (x, y, z) => (x * y > z ? y : 0), y: (x, y, z) => (x * y > z ? x : 0), z: (x, y, z) => -is(x * y > z) }),
  elementwise("max(x, yz)", { x: [4], y: [4], z: [4] }, (x, y, z) => Math.max(x, y * z), { x: (x, y, z) => is(x > y * z), y: (x, y, z) => (y * z > x ? z : 0), z: (x, y, z) => (y * z > x ? y : 0) }, {
    wrong: { "a factor left out": { y: (x, y, z) => is(y * z > x) } },
  }),
  elementwise("triplet loss max(0, |x − y| − |x − z| + ¼)", { x: [4], y: [4], z: [4] }, (x, y, z) => Math.max(0, Math.abs(x - y) - Math.abs(x - z) + 1 / 4), {
    x: (x, y, z) => (Math.abs(x - y) + 1 / 4 > Math.abs(x - z) ? Math.sign(x - y) - Math.sign(x - z) : 0),
    y: (x, y, z) => (Math.abs(x - y) + 1 / 4 > Math.abs(x - z) ? Math.sign(y - x) : 0),
    z: (x, y, z) => (Math.abs(x - y) + 1 / 4 > Math.abs(x - z) ? Math.sign(x - z) : 0),
  }, { wrong: { "a term left out": { x: (x, y, z) => (Math.abs(x - y) + 1 / 4 > Math.abs(x - z) ? Math.sign(x - y) : 0) } } }),
]; // prettier-ignore
