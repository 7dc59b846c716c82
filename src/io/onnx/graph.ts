/** Builds a graph node by node, in the order in which the nodes run. */
import { size, type Shape } from "../../tensor/tensor.ts";
import { numbersOf, type Stored } from "../weights/stored.ts";
import type { Initializer, Model, Node, Value } from "./model.ts";
import type { Piece } from "./wire.ts";

/** The symbolic length of the first axis of inputs and outputs. */
export const BATCH = "batch";

/** The first argument of each component, as `k` is the first argument of an op. Each method returns the name of what it has added. */
export interface GraphBuilder {
  /** Adds a node: an operator with its inputs. */
  readonly node: (op: string, name: string, inputs: readonly string[], attributes?: Node["attributes"]) => string;
  /** Adds a weight of the model under its own name. */
  readonly weight: (name: string) => string;
  /** Adds a constant that is not a weight. */
  readonly constant: (name: string, shape: Shape, numbers: ArrayLike<number>) => string;
  /** Adds integers: the target shape of a node, [n], or one index, []. */
  readonly integers: (name: string, numbers: readonly number[] | number) => string;
  /** Makes a node's output an output of the graph; `shape` is the shape of one sample. */
  readonly output: (name: string, shape: Shape) => string;
  /** Does the same if the graph has its taps as outputs, else nothing. */
  readonly tap: (name: string, shape: Shape) => string;
}

export interface GraphSettings extends Pick<Model, "name" | "inputs" | "metadata"> {
  readonly tensors: ReadonlyMap<string, Stored>;
  readonly taps: boolean;
}

/** Bytes of one number. */
const F32 = 4;
const I64 = 8;

const bytesOf = (data: Float32Array | BigInt64Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A tensor's numbers as f32, converted when they are written. */
function f32Of(name: string, stored: Stored): Piece {
  const n = size(stored.shape);
  const bytes = (): Uint8Array => {
    const data = stored.dtype === "F32" ? stored.data : Float32Array.from(numbersOf(stored));
    if (data.length !== n) throw new RangeError(`onnx: ${name} must have ${n} numbers, got ${data.length}`);
    return bytesOf(data);
  };
  return { length: n * F32, bytes };
}

/** The model that `build` describes. Weights that it does not use are left out. */
export function buildGraph({ tensors, taps, ...model }: GraphSettings, build: (g: GraphBuilder) => void): Model {
  const nodes: Node[] = [];
  const initializers = new Map<string, Initializer>();
  const [outputs, shown]: readonly [Value[], Value[]] = [[], []];
  const add = (initializer: Initializer): string => {
    initializers.set(initializer.name, initializer);
    return initializer.name;
  };
  const addTensor = (name: string, stored: Stored): string => add({ name, type: "f32", shape: stored.shape, data: f32Of(name, stored) });
  const show = (list: Value[], name: string, shape: Shape): string => {
    list.push({ name, shape: [BATCH, ...shape] });
    return name;
  };
  build({
    node: (op, name, inputs, attributes = {}) => {
      nodes.push({ op, name, inputs, attributes });
      return name;
    },
    weight: (name) => {
      const stored = tensors.get(name);
      if (stored === undefined) throw new RangeError(`onnx: nothing named ${name}`);
      return addTensor(name, stored);
    },
    constant: (name, shape, numbers) => addTensor(name, { dtype: "F32", shape, data: Float32Array.from(numbers) }),
    integers: (name, numbers) => {
      const list = typeof numbers === "number" ? [numbers] : numbers;
      const data = { length: list.length * I64, bytes: () => bytesOf(BigInt64Array.from(list, BigInt)) };
      return add({ name, type: "i64", shape: typeof numbers === "number" ? [] : [list.length], data });
    },
    output: (name, shape) => show(outputs, name, shape),
    tap: (name, shape) => (taps ? show(shown, name, shape) : name),
  });
  return { ...model, nodes, initializers: [...initializers.values()], outputs: [...outputs, ...shown] };
}
