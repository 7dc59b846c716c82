/** Operators of two and three inputs without a kink, or with kinks that depend on one input only. */
import { elementwise, type MultiInputOp } from "./op.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const smoothOps: readonly MultiInputOp[] = [
  elementwise("x + y, a row for all", { x: [2, 3], y: [3] }, (x, y) => x + y, { x: () => 1, y: () => 1 }),
  elementwise("x − y, y a scalar", { x: [5], y: [] }, (x, y) => x - y, { x: () => 1, y: () => -1 }),
  elementwise("x·y, a column for all", { x: [2, 3], y: [2, 1] }, (x, y) => x * y, { x: (_, y) => y, y: (x) => x }, {
    wrong: { "x for y": { x: (x) => x } },
  }),
  elementwise("x/y", { x: [4], y: [4] }, (x, y) => x / y, { x: (_, y) => 1 / y, y: (x, y) => -x / y ** 2 }, {
    wrong: { "a power too few": { y: (x, y) => -x / y } },
  }),
  elementwise("x·y + z", { x: [2, 2], y: [1, 2], z: [] }, (x, y, z) => x * y + z, { x: (_, y) => y, y: (x) => x, z: () => 1 }),
  elementwise("x + z(y − x)", { x: [3], y: [3], z: [1] }, (x, y, z) => x + z * (y - x), { x: (_x, _y, z) => 1 - z, y: (_x, _y, z) => z, z: (x, y) => y - x }, {
    wrong: { "a term left out": { x: () => 1 } },
  }),
  elementwise("hypot(x, y)", { x: [4], y: [4] }, Math.hypot, { x: (x, y) => x / Math.hypot(x, y), y: (x, y) => y / Math.hypot(x, y) }, {
    wrong: { "the sign of x for the cosine": { x: (x) => Math.sign(x) } },
  }),
  elementwise("atan2(y, x)", { y: [4], x: [4] }, Math.atan2, { y: (y, x) => x / (x * x + y * y), x: (y, x) => -y / (x * x + y * y) }),
  elementwise("|x|^y", { x: [4], y: [4] }, (x, y) => Math.abs(x) ** y, { x: (x, y) => y * Math.abs(x) ** (y - 1) * Math.sign(x), y: (x, y) => Math.abs(x) ** y * Math.log(Math.abs(x)) }, {
    wrong: { "the sign of x left out": { x: (x, y) => y * Math.abs(x) ** (y - 1) } },
  }),
  elementwise("log(eˣ + eʸ)", { x: [4], y: [4] }, (x, y) => Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y))), { x: (x, y) => sigmoid(x - y), y: (x, y) => sigmoid(y - x) }, {
    wrong: { "only the larger": { x: (x, y) => Number(x > y), y: (x, y) => Number(y > x) } },
  }),
  elementwise("binary cross-entropy of logits", { x: [4], t: [4] }, (x, t) => Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x))), { x: (x, t) => sigmoid(x) - t, t: (x) => -x }),
  elementwise("x·|y|", { x: [2, 3], y: [3] }, (x, y) => x * Math.abs(y), { x: (_, y) => Math.abs(y), y: (x, y) => x * Math.sign(y) }, {
    wrong: { "the sign of y left out": { y: (x) => x }, "the absolute value left out": { x: (_, y) => y } },
  }),
  elementwise("|x| − |y|", { x: [4], y: [4] }, (x, y) => Math.abs(x) - Math.abs(y), { x: (x) => Math.sign(x), y: (_, y) => -Math.sign(y) }),
  elementwise("PReLU, a slope for each channel", { x: [3, 2], a: [2] }, (x, a) => (x > 0 ? x : a * x), { x: (x, a) => (x > 0 ? 1 : a), a: (x) => Math.min(x, 0) }, {
    wrong: { "the slope left out": { x: (x) => Number(x > 0) }, "of positive numbers": { a: (x) => Math.max(x, 0) } },
  }),
  elementwise("copysign(x, y)", { x: [4], y: [4] }, (x, y) => Math.abs(x) * Math.sign(y), { x: (x, y) => Math.sign(x) * Math.sign(y), y: () => 0 }, {
    flat: ["y"], wrong: { "the sign of x left out": { x: (_, y) => Math.sign(y) }, "a gradient of the sign": { y: (x) => Math.abs(x) } },
  }),
  elementwise("round(x)·y", { x: [4], y: [4] }, (x, y) => Math.round(x) * y, { x: () => 0, y: (x) => Math.round(x) }, {
    flat: ["x"], wrong: { "straight through": { x: (_, y) => y }, "not rounded": { y: (x) => x } },
  }),
  elementwise("x where y > 0, else z", { x: [4], y: [4], z: [4] }, (x, y, z) => (y > 0 ? x : z), { x: (_, y) => Number(y > 0), y: () => 0, z: (_, y) => Number(y < 0) }, {
    flat: ["y"], wrong: { "the branches exchanged": { x: (_, y) => Number(y < 0), z: (_, y) => Number(y > 0) }, "a gradient of the condition": { y: (x, _, z) => x - z } },
  }),
  elementwise("x²z where y > 0, else sin(x)", { x: [4], y: [4], z: [] }, (x, y, z) => (y > 0 ? x * x * z : Math.sin(x)), { x: (x, y, z) => (y > 0 ? 2 * x * z : Math.cos(x)), y: () => 0, z: (x, y) => (y > 0 ? x * x : 0) }, {
    flat: ["y"], wrong: { "both branches": { z: (x) => x * x } },
  }),
]; // prettier-ignore
