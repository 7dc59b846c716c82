/**
 * Ops: a forward, and right below it its vector–Jacobian product (VJP), `vjp` in code.
 *
 * The VJP is the op's backward pass. With J the Jacobian ∂out/∂in and dOut the gradient of the loss with respect to the output (the cotangent
 * of the output; the formulas write it with a bar, ȳ), it computes dOut·J, the gradient of the loss with respect to each input, without ever
 * forming J.
 *
 * `defineOp` adds to a definition all that depends on where the op runs: its path, the checks, the region of memory, visitors, and the fused
 * kernel that an engine may have for it. An op that is composed of other ops names them with `parts` (parts.ts).
 */
import type { Call, Kernels } from "../kernels/kernels.ts";
import { StaleError } from "../tensor/errors.ts";
import { shapeCheck, type Shapes } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapTree } from "../tensor/tree.ts";

/** An output that is not differentiated, such as batch statistics. */
export interface Constant<T> {
  /** The value. */
  readonly constant: T;
}

/** The gradients of `In`, under the same keys, so that a forgotten one does not compile. The gradient of an absent input (null) is null. */
export type Grads<In> = In extends Tensor
  ? Tensor
  : In extends null | Constant<unknown>
    ? null
    : { readonly [K in keyof In]: Grads<In[K]> };

/** The inputs of a layer. */
export interface Layer<Params> {
  /** The activations. */
  readonly x: Tensor;
  /** The trained parameters. */
  readonly params: Params;
}

/** What a forward returns. `saved` stays in memory until the VJP has run: it is the memory that the op costs a training step. */
export interface Result<Out, Saved> {
  /** The output. */
  readonly out: Out;
  /** What the VJP needs; pass it to `vjp` unchanged. */
  readonly saved: Saved;
}

/**
 * A differentiable function of `In`. `Attrs` are not differentiated: numbers, flags, keys, and tensors such as targets.
 *
 * @throws ShapeError or RangeError before anything is computed, StaleError for a stale tensor; the message begins with the path of the innermost op
 */
export interface Op<In, Saved, Attrs = void, Out = Tensor> {
  /** Names the op in paths, errors and reports. */
  readonly name: string;
  /** Computes the output, and what the VJP will need. */
  readonly forward: (k: Kernels, inputs: In, attrs: Attrs) => Result<Out, Saved>;
  /** The VJP, dOut·J: from the cotangent of the output to the gradient of each input, under the input's key. */
  readonly vjp: (k: Kernels, saved: Saved, dOut: Grads<Out>) => Grads<In>;
}

/** What `defineOp` makes an op from. */
export interface OpDefinition<In, Saved, Attrs, Out> {
  /** Names the op in paths, errors and reports. */
  readonly name: string;
  /** Shapes as text (tensor/shape.ts), checked at every call, whether the op is fused or not. */
  readonly shapes?: {
    /** Shapes of the inputs. */
    readonly inputs?: Shapes<NoInfer<In>>;
    /** Shapes of what is saved. */
    readonly saved?: Shapes<NoInfer<Saved>>;
    /** Shapes of the output. */
    readonly out?: Shapes<NoInfer<Out>>;
  };
  /** The op adds no segment to paths: its parts appear directly under its caller. */
  readonly inline?: boolean;
  /**
   * Rejects inputs and attributes for which the op is not defined. Runs at every call, after the shape check, whether the op is fused or not.
   *
   * @throws RangeError or ShapeError that names the argument
   */
  readonly check?: (inputs: NoInfer<In>, attrs: NoInfer<Attrs>) => void;
  /** The op is called many times with the same shapes, so that an engine may capture its commands once and replay them. */
  readonly capturable?: boolean;
  /** Computes the output and what is saved, by kernels and other ops. */
  readonly forward: (k: Kernels, inputs: In, attrs: Attrs) => Result<Out, Saved>;
  /** The VJPs of the lines of `forward`, in reverse order. */
  readonly vjp: (k: Kernels, saved: NoInfer<Saved>, dOut: Grads<NoInfer<Out>>) => Grads<NoInfer<In>>;
}

/** Stands for `saved` where an engine computed only the output; `vjp` rejects it. */
const NOT_SAVED = "nothing was saved";

function withoutSaved<Out, Saved>(out: Out): Result<Out, Saved>;
function withoutSaved(out: unknown): Result<unknown, unknown> {
  return { out, saved: NOT_SAVED };
}

/** Makes an op from its definition. */
export function defineOp<In, Saved, Attrs = void, Out = Tensor>(
  definition: OpDefinition<In, Saved, Attrs, Out>,
): Op<In, Saved, Attrs, Out> {
  const { name, inline = false, capturable = false } = definition;
  const shapes = shapeCheck(name, definition.shapes);

  const op: Op<In, Saved, Attrs, Out> = Object.freeze({
    name,
    forward: (k: Kernels, inputs: In, attrs: Attrs) => {
      const phase = k.scope.recomputing ? "recompute" : "forward";
      return boundary(k, { phase, op: name, path: pathOf(k, name, inline), inputs, attrs }, inline, {
        body: (inner) => {
          const checkOut = shapes.forward(inputs);
          definition.check?.(inputs, attrs);
          const fused = k.scope.fused.get(op);
          const infer = k.scope.saves ? undefined : fused?.infer;
          const forward = fused?.forward ?? definition.forward;
          const run = (): Result<Out, Saved> =>
            infer === undefined ? forward(inner, inputs, attrs) : withoutSaved(infer(inner, inputs, attrs));
          const result = capturable ? inner.capturable(infer ?? forward, { inputs, attrs }, run) : run();
          checkOut(result.out);
          return result;
        },
        kept: k.scope.saves ? whole : outOnly,
        shown: outOnly,
        replaced: (result, replace) => ({ ...result, out: mapTree(result.out, replace) }),
      });
    },
    vjp: (k: Kernels, saved: Saved, dOut: Grads<Out>) =>
      boundary(k, { phase: "vjp", op: name, path: pathOf(k, name, inline), saved, dOut }, inline, {
        body: (inner, replace) => {
          if (saved === NOT_SAVED)
            throw new StaleError(`${name}: inference saves nothing for a vjp; run the forward without \`inference\``);
          shapes.vjp(saved, dOut);
          const vjp = k.scope.fused.get(op)?.vjp ?? definition.vjp;
          const run = (): Grads<In> => vjp(inner, saved, replace === null ? dOut : mapTree(dOut, replace));
          return capturable ? inner.capturable(vjp, { saved, dOut }, run) : run();
        },
      }),
  });
  return op;
}

/** A function without a VJP that an engine may fuse, such as an optimiser step. It may consume its inputs, where it says so. */
export interface Routine<In, Attrs = void, Out = Tensor> {
  /** Names the routine in paths, errors and reports. */
  readonly name: string;
  /** Computes the result. */
  readonly run: (k: Kernels, inputs: In, attrs: Attrs) => Out;
}

/** What `defineRoutine` makes a routine from. */
interface RoutineDefinition<In, Attrs, Out> extends Routine<In, Attrs, Out> {
  /** Like an op's `check`: runs at every call, whether the routine is fused or not. */
  readonly check?: (inputs: NoInfer<In>, attrs: NoInfer<Attrs>) => void;
}

/** Makes a routine from its definition. */
export function defineRoutine<In, Attrs = void, Out = Tensor>(definition: RoutineDefinition<In, Attrs, Out>): Routine<In, Attrs, Out> {
  const { name } = definition;
  const routine: Routine<In, Attrs, Out> = Object.freeze({
    name,
    run: (k: Kernels, inputs: In, attrs: Attrs) =>
      boundary(k, { phase: "run", op: name, path: pathOf(k, name, false), inputs, attrs }, false, {
        body: (inner) => {
          definition.check?.(inputs, attrs);
          const run = k.scope.fused.get(routine)?.run ?? definition.run;
          return run(inner, inputs, attrs);
        },
      }),
  });
  return routine;
}

const whole = (result: unknown): unknown => result;
const outOnly = (result: { readonly out: unknown }): unknown => result.out;

const join = (path: string, label: string): string => (path === "" ? label : label === "" ? path : `${path}.${label}`);

/** `blocks.3.attn.probs`, or for an inline op `blocks.3.attn/attention`. */
function pathOf({ scope: { path, label } }: Kernels, name: string, inline: boolean): string {
  return inline ? `${join(path, label ?? "")}/${name}` : join(path, label ?? name);
}

type Replace = (t: Tensor) => Tensor;

interface Body<R> {
  readonly body: (inner: Kernels, replace: Replace | null) => R;
  /** The part of the result whose tensors outlive the call; default: all of it. */
  readonly kept?: (result: R) => unknown;
  /** The part that visitors see; default: all of it. */
  readonly shown?: (result: R) => unknown;
  readonly replaced?: (result: R, replace: Replace) => R;
}

/** Runs the body of an op in a region of its own, between the visitor's `before` and `after`. */
function boundary<R>(k: Kernels, call: Call, inline: boolean, { body, kept = whole, shown = whole, replaced }: Body<R>): R {
  const { visitor, path, label, last } = k.scope;
  const inner = k.within({ path: inline ? join(path, label ?? "") : call.path, label: null, last: null });
  const inRegion = (): R => {
    visitor?.before?.(call);
    const replace = visitor?.replace === undefined ? null : (t: Tensor): Tensor => visitor.replace?.(call, t) ?? t;
    const result = body(inner, replace);
    visitor?.after?.(call, shown(result));
    return replace !== null && replaced !== undefined ? replaced(result, replace) : result;
  };
  try {
    return k.region(call.path, inRegion, kept, last);
  } catch (error) {
    throw located(error, call);
  }
}

/** Puts the path of the innermost op before an error's message. Outer ops leave the error unchanged. */
function located(error: unknown, { path, phase }: Call): unknown {
  if (!(error instanceof Error) || "opPath" in error) return error;
  const place = phase === "forward" ? path : `${path} (${phase})`;
  return Object.assign(error, { opPath: path, message: `${place}: ${error.message}` });
}
