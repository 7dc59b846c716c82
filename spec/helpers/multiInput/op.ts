/** Operators of two and three inputs, with their gradient and with wrong gradients, as a user of checkGradient writes them. */
import type { Arrays, HostArray } from "../../../src/check.ts";
import { array, at, map } from "../plainOps.ts";

export type Shape = readonly number[];
export type Vjp = (inputs: Arrays, dOut: HostArray) => Arrays;

export interface MultiInputOp {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly forward: (inputs: Arrays) => HostArray;
  readonly vjp: Vjp;
  /** Wrong gradients, by a description of the error. */
  readonly wrong: Readonly<Record<string, Vjp>>;
}

/** An operator, and properties of it. */
export interface Definition extends Omit<MultiInputOp, "wrong"> {
  /** Errors that only this operator can have. */
  readonly wrong?: Readonly<Record<string, Vjp>>;
  /** Inputs whose gradient is 0 everywhere. */
  readonly flat?: readonly string[];
  /** Whether the first two inputs have the same gradient. */
  readonly symmetric?: boolean;
}

export const named = (arrays: Arrays, name: string): HostArray => arrays[name] ?? array([0], []);

const changed =
  (vjp: Vjp, name: string, f: (g: number, i: number) => number): Vjp =>
  (inputs, dOut) => {
    const grads = vjp(inputs, dOut);
    return { ...grads, [name]: map(named(grads, name), f) };
  };

/** Errors that any operator can have. */
function wrongInAnyWay({ inputs, vjp, flat = [], symmetric = false }: Definition): Record<string, Vjp> {
  const ofEach = Object.keys(inputs)
    .filter((name) => !flat.includes(name))
    .flatMap((name): [string, Vjp][] => [
      [`${name}: the sign`, changed(vjp, name, (g) => -g)],
      [`${name}: twice`, changed(vjp, name, (g) => 2 * g)],
      [`${name}: nothing`, changed(vjp, name, () => 0)],
      [`${name}: a thousandth in the first number`, changed(vjp, name, (g, i) => (i === 0 ? 1.001 * g : g))],
      [`${name}: the last number left out`, changed(vjp, name, (g, i) => (i === (inputs[name] ?? []).reduce((a, b) => a * b, 1) - 1 ? 0 : g))],
    ]); // prettier-ignore
  const ones: Vjp = (arrays, dOut) =>
    vjp(
      arrays,
      map(dOut, () => 1),
    );
  const [first = "", second = ""] = Object.keys(inputs);
  const exchanged: Vjp = (arrays, dOut) => {
    const grads = vjp(arrays, dOut);
    return { ...grads, [first]: named(grads, second), [second]: named(grads, first) };
  };
  const isExchangeable = String(inputs[first]) === String(inputs[second]) && !symmetric;
  return {
    ...Object.fromEntries(ofEach),
    "the cotangent ignored": ones,
    ...(isExchangeable ? { "two gradients exchanged": exchanged } : {}),
  };
}

export const operator = (definition: Definition): MultiInputOp => ({
  name: definition.name,
  inputs: definition.inputs,
  forward: definition.forward,
  vjp: definition.vjp,
  wrong: { ...wrongInAnyWay(definition), ...definition.wrong },
});

/** The shape to which these broadcast, aligned at their last axes. */
function broadcast(shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => Math.max(...shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)));
}

/** For each element of the output, the flat index of the input's element from which it is computed. */
function sources(shape: Shape, out: Shape): readonly number[] {
  const length = out.reduce((a, b) => a * b, 1);
  return Array.from({ length }, (_, flat) => {
    let [rest, stride, index] = [flat, 1, 0];
    for (let axis = out.length - 1; axis >= 0; axis--) {
      const size = out[axis] ?? 1;
      const own = shape[axis - out.length + shape.length] ?? 1;
      if (own > 1) index += (rest % size) * stride;
      stride *= own;
      rest = Math.floor(rest / size);
    }
    return index;
  });
}

/** A function of one number of each input. */
type Scalar = (...numbers: readonly number[]) => number;
type Slopes = Readonly<Record<string, Scalar>>;

/** f(x, y, …) element by element, with the derivative with respect to each input; each entry of `wrong` replaces some of these. */
export function elementwise(
  name: string,
  inputs: Readonly<Record<string, Shape>>,
  f: Scalar,
  slopes: Slopes,
  { wrong = {}, ...known }: { readonly wrong?: Readonly<Record<string, Slopes>>; readonly flat?: readonly string[]; readonly symmetric?: boolean } = {}, // prettier-ignore
): MultiInputOp {
  const names = Object.keys(inputs);
  const out = broadcast(Object.values(inputs));
  const from = new Map(Object.entries(inputs).map(([input, shape]) => [input, sources(shape, out)]));
  const numbersAt = (arrays: Arrays, i: number): readonly number[] => names.map((input) => at(named(arrays, input), from.get(input)?.[i] ?? NaN)); // prettier-ignore
  const length = out.reduce((a, b) => a * b, 1);
  const vjpWith =
    (used: Slopes, reduce: "sum" | "mean" | "last" = "sum"): Vjp =>
    (arrays, dOut) =>
      Object.fromEntries(
        names.map((input) => {
          const gradient = new Float64Array(named(arrays, input).data.length);
          for (let i = 0; i < length; i++) {
            const [j, term] = [from.get(input)?.[i] ?? NaN, (used[input]?.(...numbersAt(arrays, i)) ?? NaN) * at(dOut, i)];
            gradient[j] = reduce === "last" ? term : (gradient[j] ?? 0) + (reduce === "sum" ? term : (term * gradient.length) / length);
          }
          return [input, array(named(arrays, input).shape, gradient)];
        }),
      );
  const isBroadcast = Object.values(inputs).some((shape) => String(shape) !== String(out));
  return operator({
    name,
    inputs,
    ...known,
    forward: (arrays) => array(out, Array.from({ length }, (_, i) => f(...numbersAt(arrays, i)))), // prettier-ignore
    vjp: vjpWith(slopes),
    wrong: {
      ...Object.fromEntries(Object.entries(wrong).map(([what, some]) => [what, vjpWith({ ...slopes, ...some })])),
      ...(isBroadcast ? { "a mean instead of the sum over broadcast elements": vjpWith(slopes, "mean"), "only the last broadcast element": vjpWith(slopes, "last") } : {}), // prettier-ignore
    },
  });
}
