/** Laws of a user's functions other than the adjoint law: equal calls return bitwise identical results, vjp is linear in dOut, forward in the inputs named as linear. */
import { show } from "../../tensor/tensor.ts";
import type { Base } from "./base.ts";
import { differsAt, type Calls, type Returned } from "./calls.ts";
import { indexOf, scaleOf } from "../close.ts";
import type { Arrays } from "./differentiable.ts";
import type { Draw } from "../draw.ts";
import { Fault, type FaultKind } from "./fault.ts";
import type { HostArray } from "../host.ts";
import { tolerances } from "../tolerance.ts";

/** @throws Fault of kind impure at the first number that differs */
function same(what: string, before: HostArray, after: HostArray, says: string, input?: string): void {
  const place = input === undefined ? {} : { input };
  if (show(after.shape) !== show(before.shape))
    throw new Fault("impure", `${what}: shape ${show(before.shape)} and then ${show(after.shape)}: ${says}`, place);
  const i = differsAt(before, after);
  if (i === -1) return;
  const index = indexOf(before.shape, i);
  throw new Fault("impure", `${what}${show(index)}: ${before.data[i]} and then ${after.data[i]}: ${says}`, { ...place, index });
}

const DIFFERS = "two calls with equal arguments must return bitwise identical results (random numbers and state belong in the inputs)";
const REUSED = "a later call writes into an array that was returned before; return a new array each time";

/**
 * After calls of forward with other inputs and of vjp with another cotangent, the arrays that were returned before are unchanged, and the
 * original calls return the same results again.
 *
 * @throws Fault of kind impure
 */
export async function repeat({ forward, vjp }: Calls, base: Base, y: Returned<HostArray>, grads: Returned<Arrays>): Promise<void> {
  same("the output of forward at ", y.value, y.raw, REUSED);
  await vjp(base.inputs, mix(2, base.dOut, 0, base.dOut));
  for (const [input, gradient] of Object.entries(grads.value))
    same(`the gradient of ${input}`, gradient, grads.raw[input] ?? gradient, REUSED, input);
  const gradsAgain = (await vjp(base.inputs, base.dOut)).value;
  for (const [input, gradient] of Object.entries(grads.value))
    same(`the gradient of ${input}`, gradient, gradsAgain[input] ?? gradient, DIFFERS, input);
  same("the output of forward at ", y.value, (await forward(base.inputs)).value, DIFFERS);
}

/** a·x + b·y */
const mix = (a: number, x: HostArray, b: number, y: HostArray): HostArray => ({
  shape: x.shape,
  data: x.data.map((value, i) => a * value + b * (y.data[i] ?? NaN)),
});

interface Sides {
  readonly kind: FaultKind;
  readonly what: string;
  readonly law: string;
  readonly input: string;
}

/** The bound of f32, because a user's functions may compute in f32; the errors that the law looks for, a threshold, a limit or an offset, are larger. */
const { bound } = tolerances.linearity.f32;

/** @throws Fault where the two differ by more than the tolerance, relative to `terms` */
function equal(actual: HostArray, expected: HostArray, terms: number, { kind, what, law, input }: Sides): void {
  const bad = actual.data.findIndex((value, i) => !(Math.abs(value - (expected.data[i] ?? NaN)) <= bound * terms));
  if (bad === -1) return;
  const index = indexOf(expected.shape, bad);
  throw new Fault(kind, `${what}${show(index)}: ${law}: ${actual.data[bad]} instead of ${expected.data[bad]}`, { input, index });
}

/** Far from 1, so that a threshold or a limit on dOut is noticed; a power of 2, so that scaling is exact. */
const FAR = 2 ** 20;
/** Errors are relative to at least these shares of the largest gradient and of the cotangent: a gradient whose true value is 0 holds rounding errors. */
const [OF_LARGEST, OF_COTANGENT] = [1e-3, 2 ** -36];

/**
 * vjp(2²⁰ȳ + ȳ′) = 2²⁰vjp(ȳ) + vjp(ȳ′) and vjp(2⁻²⁰ȳ) = 2⁻²⁰vjp(ȳ).
 *
 * @throws Fault of kind linearity
 */
export async function vjpIsLinear({ vjp }: Calls, { inputs, dOut, gradients }: Base, draw: Draw): Promise<void> {
  const other = draw.array(dOut.shape);
  const ofOther = (await vjp(inputs, other)).value;
  const ofBoth = (await vjp(inputs, mix(FAR, dOut, 1, other))).value;
  const ofLittle = (await vjp(inputs, mix(1 / FAR, dOut, 0, dOut))).value;
  const largest = (arrays: Arrays): number => scaleOf(new Map(Object.entries(arrays)));
  const floor = Math.max(OF_LARGEST * largest(gradients), OF_COTANGENT * largest({ dOut }));
  for (const [input, gradient] of Object.entries(gradients)) {
    const sides = { kind: "linearity", what: `the gradient of ${input}`, input } as const;
    const terms = Math.max(largest({ gradient }), floor);
    const [both, little] = [ofBoth[input] ?? gradient, ofLittle[input] ?? gradient];
    const law = "vjp must be linear in dOut, but vjp(2²⁰·a + b) is not 2²⁰·vjp(a) + vjp(b)";
    equal(both, mix(FAR, gradient, 1, ofOther[input] ?? gradient), FAR * terms, { ...sides, law });
    const lawOfLittle = "vjp must be linear in dOut, but vjp(2⁻²⁰·a) is not 2⁻²⁰·vjp(a)";
    equal(little, mix(1 / FAR, gradient, 0, gradient), terms / FAR, { ...sides, law: lawOfLittle });
  }
}

/**
 * f(a·x + b·x′) = a·f(x) + b·f(x′) in each of these inputs, while the others stay fixed.
 *
 * @throws Fault of kind not-linear
 */
export async function forwardIsLinear({ forward }: Calls, { inputs, y }: Base, linear: readonly string[], draw: Draw): Promise<void> {
  for (const [input, x] of Object.entries(inputs).filter(([name]) => linear.includes(name))) {
    const [a, b] = [draw.real(-2, 2), draw.real(-2, 2)];
    const other = { shape: x.shape, data: draw.array(x.shape).data.map((v) => v * (scaleOf(new Map([["x", x]])) || 1)) };
    const at = async (moved: HostArray): Promise<HostArray> => (await forward({ ...inputs, [input]: moved })).value;
    const [ofOther, ofBoth] = [await at(other), await at(mix(a, x, b, other))];
    const terms =
      4 *
      scaleOf(
        new Map([
          ["x", y],
          ["other", ofOther],
        ]),
      );
    const law = `forward must be linear in ${input}, but f(a·x + b·x′) is not a·f(x) + b·f(x′)`;
    equal(ofBoth, mix(a, y, b, ofOther), terms, { kind: "not-linear", what: "the output of forward at ", law, input });
  }
}
