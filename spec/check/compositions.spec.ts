/** Random compositions of elementary functions: the check passes with their derivative, and fails if that is wrong by a thousandth. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGradient, type GradientCheck, type HostArray } from "../../src/check.ts";
import { array, at, unary } from "../helpers/plainOps.ts";

/** A value with its derivative with respect to x, in forward mode. */
interface Dual {
  readonly value: number;
  readonly slope: number;
}

interface Elementary {
  readonly name: string;
  readonly f: (a: Dual) => Dual;
}

const of = (name: string, f: (x: number) => number, slope: (x: number) => number): Elementary => ({
  name,
  f: (a) => ({ value: f(a.value), slope: slope(a.value) * a.slope }),
});
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const elementary: readonly Elementary[] = [
  of("sin", Math.sin, Math.cos),
  of("tanh", Math.tanh, (x) => 1 - Math.tanh(x) ** 2),
  of("exp of bounded", (x) => Math.exp(Math.sin(x)), (x) => Math.cos(x) * Math.exp(Math.sin(x))), // prettier-ignore
  of("atan", Math.atan, (x) => 1 / (1 + x * x)),
  of("softplus", (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0), sigmoid), // prettier-ignore
  of("square", (x) => x * x, (x) => 2 * x), // prettier-ignore
  of("root of 1 + x²", (x) => Math.hypot(1, x), (x) => x / Math.hypot(1, x)), // prettier-ignore
  of("log of 1 + x²", (x) => Math.log1p(x * x), (x) => (2 * x) / (1 + x * x)), // prettier-ignore
  of("affine", (x) => 0.5 * x - 0.7, () => 0.5), // prettier-ignore
  of("leaky", (x) => (x > 0 ? x : 0.1 * x), (x) => (x > 0 ? 1 : 0.1)), // prettier-ignore
  of("sinc", (x) => Math.sin(x) / (1 + x * x), (x) => (Math.cos(x) * (1 + x * x) - 2 * x * Math.sin(x)) / (1 + x * x) ** 2), // prettier-ignore
];

const chain = fc.array(fc.constantFrom(...elementary), { minLength: 1, maxLength: 4 });
/** The unit of the inputs: the same function at another scale. */
const unit = fc.constantFrom(1e-6, 1e-3, 1, 1e3, 1e6);

const through = (parts: readonly Elementary[], x: number): Dual => parts.reduce((a, part) => part.f(a), { value: x, slope: 1 });

/** y = g(x/unit), with each slope multiplied by `factor`. */
const composed = (parts: readonly Elementary[], scale: number, factor: number, numbers: readonly number[]): GradientCheck<"x"> =>
  unary(
    parts.map(({ name }) => name).join(" of "),
    (x) => through(parts, x / scale).value,
    (x) => (factor * through(parts, x / scale).slope) / scale,
    fc.constant(array([numbers.length], numbers.map((x) => x * scale))), // prettier-ignore
  );

const numbers = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });

/** Whether some element has a slope so large that a thousandth of it exceeds rounding errors. */
const matters = (parts: readonly Elementary[], xs: readonly number[]): boolean =>
  xs.some((x) => Math.abs(through(parts, x).slope) > 1e-3 * Math.max(1, Math.abs(through(parts, x).value)));

/** Whether no kink of `leaky` is within a millionth: 0 is drawn often, and functions may map it to 0. */
const isSmoothAt = (parts: readonly Elementary[], xs: readonly number[]): boolean =>
  xs.every((x) => parts.every((part, i) => part.name !== "leaky" || Math.abs(through(parts.slice(0, i), x).value) > 1e-6));

const CASES = 150;

describe("random compositions of elementary functions, at scales of 1e-6 to 1e6,", () => {
  it("hold with their derivative", async () => {
    await fc.assert(
      fc.asyncProperty(chain, unit, numbers, fc.nat(), async (parts, scale, xs, seed) => {
        fc.pre(isSmoothAt(parts, xs));
        const { worst, tolerance } = await checkGradient({ ...composed(parts, scale, 1, xs), cases: 1, seed });
        expect(worst).toBeLessThanOrEqual(tolerance);
      }),
      { seed: 1, numRuns: CASES },
    );
  });

  it("do not hold with one that is wrong by a thousandth", async () => {
    await fc.assert(
      fc.asyncProperty(chain, unit, numbers, fc.nat(), async (parts, scale, xs, seed) => {
        fc.pre(isSmoothAt(parts, xs) && matters(parts, xs));
        await expect(checkGradient({ ...composed(parts, scale, 1.001, xs), cases: 1, seed })).rejects.toMatchObject({ kind: "gradient" });
      }),
      { seed: 2, numRuns: CASES },
    );
  });

  it("do not hold with one wrong element", async () => {
    await fc.assert(
      fc.asyncProperty(chain, unit, numbers, fc.nat(), fc.nat(2), async (parts, scale, xs, seed, wrong) => {
        fc.pre(isSmoothAt(parts, xs) && matters(parts, xs.slice(wrong, wrong + 1)));
        const right = composed(parts, scale, 1, xs);
        const vjp = async (inputs: { readonly x: HostArray }, dOut: HostArray): Promise<{ readonly x: HostArray }> => {
          const { x } = await right.vjp(inputs, dOut);
          return { x: { shape: x.shape, data: x.data.map((g, i) => (i === wrong ? g * 1.001 : g)) } };
        };
        const check = checkGradient({ ...right, vjp, cases: 1, seed });
        await expect(check).rejects.toMatchObject({ kind: "gradient", input: "x", index: [wrong] });
      }),
      { seed: 3, numRuns: CASES },
    );
  });
});

/** A product of two compositions, so that the gradient of each input depends on the other. */
describe("a product of two random compositions", () => {
  it("holds with its derivatives", async () => {
    await fc.assert(
      fc.asyncProperty(chain, chain, numbers, numbers, fc.nat(), async (f, g, xs, ys, seed) => {
        fc.pre(isSmoothAt(f, xs) && isSmoothAt(g, ys));
        const values = (parts: readonly Elementary[], a: HostArray): readonly Dual[] => Array.from(a.data, (x) => through(parts, x));
        const check = checkGradient({
          name: "product",
          forward: ({ x, y }) => array([3], values(f, x).map(({ value }, i) => value * through(g, at(y, i)).value)), // prettier-ignore
          vjp: ({ x, y }, dOut) => ({
            x: array([3], values(f, x).map(({ slope }, i) => at(dOut, i) * slope * through(g, at(y, i)).value)), // prettier-ignore
            y: array([3], values(g, y).map(({ slope }, i) => at(dOut, i) * slope * through(f, at(x, i)).value)), // prettier-ignore
          }),
          inputs: { x: fc.constant(array([3], xs)), y: fc.constant(array([3], ys)) },
          cases: 1,
          seed,
        });
        await expect(check).resolves.toMatchObject({ unresolved: 0 });
      }),
      { seed: 4, numRuns: CASES },
    );
  });
});
