/** Subjects: an op with a generator of valid random calls, which is all that the laws need. */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Grads, Op, Result } from "../../ops/op.ts";
import { rematerialise } from "../../ops/rematerialise.ts";
import { isTensor, type Shape } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { leavesOf, mapHost, upload, type Host, type HostArray, type Leaves } from "../host.ts";

/** A random call: inputs on the host, attrs made on the engine, and if available the expected output. */
export interface DrawnCall<In, Attrs, Out> {
  /** The op's inputs, with host arrays instead of tensors. */
  readonly inputs: Host<In>;
  /** Makes the attrs on the engine that runs the call. */
  readonly attrs: (k: Kernels) => Attrs;
  /** The output by an oracle, plain loops over numbers that do not use the op. */
  readonly expected?: Host<Out>;
}

/** The cotangent for a leaf of the output. */
export type CotangentOf = (name: string, shape: Shape) => HostArray;

/** One call without the op's types, so that the same laws run for all ops. */
export interface Trial {
  /** The inputs by their dotted path: `params.weight`. */
  readonly inputs: Leaves;
  /** The output by an oracle, by path; null if there is none. */
  readonly expected: Leaves | null;
  /** Runs the forward, with the inputs in `moved` replaced. */
  readonly forward: (k: Kernels, moved: Leaves) => Result<unknown, unknown>;
  /** Runs the forward, then the VJP with the cotangents. */
  readonly gradients: (k: Kernels, cotangentOf: CotangentOf) => unknown;
  /** The same with the rematerialised op. */
  readonly gradientsAgain: (k: Kernels, cotangentOf: CotangentOf) => unknown;
  /** The arguments of a call, inputs and attrs; if `run`, after forward and VJP have run on them. */
  readonly handed: (k: Kernels, cotangentOf: CotangentOf, run: boolean) => unknown;
}

/** An op with a generator of random calls; `subjectOf` makes one. */
export interface Subject {
  /** The op's name. */
  readonly name: string;
  /** The op itself. */
  readonly op: object;
  /** Draws a random call. */
  readonly trial: (draw: Draw) => Trial;
}

/** A cotangent for every tensor of `out`, except those declared constant. */
function cotangents<Out>(k: Kernels, out: Out, cotangentOf: CotangentOf, path?: string): Grads<Out>;
function cotangents(k: Kernels, out: unknown, cotangentOf: CotangentOf, path = ""): unknown {
  if (out === null || typeof out !== "object") return out;
  if (isTensor(out)) return k.upload(out.shape, cotangentOf(path, out.shape).data);
  if ("constant" in out) return null;
  const child = ([key, value]: [string, unknown]): [string, unknown] => [
    key,
    cotangents(k, value, cotangentOf, path === "" ? key : `${path}.${key}`),
  ];
  return Object.fromEntries(Object.entries(out).map(child));
}

/** Makes a subject from an op and a function that draws a valid call. */
export function subjectOf<In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>, call: (draw: Draw) => DrawnCall<In, Attrs, Out>): Subject {
  const trial = (draw: Draw): Trial => {
    const { inputs, attrs, expected } = call(draw);
    const tensors = (k: Kernels, moved: Leaves): In =>
      upload<In>(
        k,
        mapHost(inputs, (a, name) => moved.get(name) ?? a),
      );
    const backward = <S>(k: Kernels, which: Op<In, S, Attrs, Out>, cotangentOf: CotangentOf, handed: In, given: Attrs): Grads<In> => {
      const { out, saved } = which.forward(k, handed, given);
      return which.vjp(k, saved, cotangents(k, out, cotangentOf));
    };
    return {
      inputs: leavesOf(inputs),
      expected: expected === undefined ? null : leavesOf(expected),
      forward: (k, moved) => op.forward(k, tensors(k, moved), attrs(k)),
      gradients: (k, cotangentOf) => backward(k, op, cotangentOf, tensors(k, new Map()), attrs(k)),
      gradientsAgain: (k, cotangentOf) => backward(k, rematerialise(op), cotangentOf, tensors(k, new Map()), attrs(k)),
      handed: (k, cotangentOf, run) => {
        const [handed, given] = [tensors(k, new Map()), attrs(k)];
        if (run) backward(k, op, cotangentOf, handed, given);
        return { inputs: handed, attrs: given };
      },
    };
  };
  return { name: op.name, op, trial };
}
