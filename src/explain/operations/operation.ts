/** Calls of ops on tensors of given shapes, for engines that plan and compute nothing. */
import type { Kernels } from "../../kernels/kernels.ts";
import { gelu } from "../../ops/gelu.ts";
import type { Op, Result } from "../../ops/op.ts";
import { isTensor, type Shape, type Tensor } from "../../tensor/tensor.ts";

/** Makes the tensors of a call. */
export interface Maker {
  readonly k: Kernels;
  /** An f32 tensor: a parameter, or the sum to which residual branches are added. */
  readonly plain: (...shape: Shape) => Tensor;
  /** The output of another op, stored as the engine stores activations. */
  readonly activation: (...shape: Shape) => Tensor;
}

/** On the webgpu engine in f16, activations are what fused kernels make. */
export const makerOn = (k: Kernels): Maker => {
  const plain = (...shape: Shape): Tensor => k.zeros(shape);
  return { k, plain, activation: (...shape) => gelu.forward(k, { x: plain(...shape) }).out };
};

/** A call whose tensors exist; each run gets the k with the visitor. */
export interface PreparedCall {
  readonly forward: (k: Kernels) => unknown;
  /** Makes the cotangent after `forward` has run, and returns the run of the vjp. null: there is no vjp. */
  readonly vjp: (() => (k: Kernels) => unknown) | null;
}

/** Sizes by their letters. */
export type Sizes = Readonly<Record<string, number>>;

/** An op, a routine or a function of kernels that can be explained by name, with the tensors of its call. */
export interface Operation {
  readonly name: string;
  /** The axes of its first tensor, as in shape text: `B T D`, or `... D` for any leading axes. */
  readonly axes: string;
  /** The default shape of the first tensor: that of DeiT-Ti at batch 1, or of RegNetY-4GF for what only the teacher has. */
  readonly shape: Shape;
  /** Further sizes, in the order in which they are given, each with its default for a shape of the first tensor. */
  readonly sizes: Readonly<Record<string, (shape: Shape) => number>>;
  /** The independent computation by plain loops, as `file name` under src; null: there is none. */
  readonly oracle: string | null;
  /** The row of `deit check` that tests it; default: the row of its op's laws. */
  readonly row?: string;
  readonly prepare: (make: Maker, shape: Shape, sizes: Sizes) => PreparedCall;
}

/** A cotangent for each tensor of an output, except for constant outputs. */
function cotangentOf(out: unknown, make: Maker["plain"]): unknown {
  if (typeof out !== "object" || out === null) return out;
  if (isTensor(out)) return make(...out.shape);
  if ("constant" in out) return null;
  return Object.fromEntries(Object.entries(out).map(([key, value]) => [key, cotangentOf(value, make)]));
}

/** The arguments of a call: `inputs` are differentiated, `attrs` are not. */
interface CallOf<In, Attrs> {
  readonly inputs: In;
  readonly attrs: Attrs;
}

/** What describes an operation, apart from its call. */
export type About = Omit<Operation, "name" | "prepare">;

/** An op: its forward, then its vjp on a cotangent stored as the engine stores it in a network. */
export const opOf = <In, Saved, Attrs, Out>(
  op: Op<In, Saved, Attrs, Out>,
  about: About & { readonly cotangent?: "activation" },
  call: (make: Maker, shape: Shape, sizes: Sizes) => CallOf<In, Attrs>,
): Operation => ({
  ...about,
  name: op.name,
  prepare: (make, shape, sizes) => {
    const { inputs, attrs } = call(make, shape, sizes);
    let result: Result<Out, Saved> | null = null;
    return {
      forward: (k) => {
        result = op.forward(k, inputs, attrs);
      },
      vjp: () => {
        const dOut = cotangentOf(result?.out, about.cotangent === "activation" ? make.activation : make.plain);
        return (k) => Reflect.apply(op.vjp, undefined, [k, result?.saved, dOut]);
      },
    };
  },
});

/** A routine or a function: it has no vjp. */
export const runOf = (
  name: string,
  about: About,
  run: (make: Maker, shape: Shape, sizes: Sizes) => (k: Kernels) => unknown,
): Operation => ({ ...about, name, prepare: (make, shape, sizes) => ({ forward: run(make, shape, sizes), vjp: null }) });
