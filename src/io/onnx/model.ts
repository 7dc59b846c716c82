/**
 * An ONNX model as a file: the messages of onnx.proto (IR version 8, which belongs to operator set 17), as far as this project's graphs need
 * them. The field numbers are those of the format.
 */
import type { Shape } from "../../tensor/tensor.ts";
import { encoded, float, integer, nested, text, type Message, type Piece } from "./wire.ts";

/** The version of the operator set: the first that has LayerNormalization. */
const OPERATOR_SET = 17;
const IR_VERSION = 8;

/** An integer, a list of integers, or a real number. */
export type Attribute = number | readonly number[] | { readonly float: number };

/** One operator. Its single output has the node's name. */
export interface Node {
  readonly op: string;
  readonly name: string;
  /** Names of nodes, initializers and inputs. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export type ElementType = "f32" | "i64";

/** A constant array; `data` holds its numbers, row-major and little-endian. */
export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: Piece;
}

/** An f32 input or output of the graph; a length given as a string is symbolic. */
export interface Value {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface Model {
  /** Name of the graph. */
  readonly name: string;
  /** In an order in which they can run. */
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly metadata: ReadonlyMap<string, string>;
}

const MODEL = { irVersion: 1, producer: 2, graph: 7, operatorSets: 8, metadata: 14 };
const OPERATOR_SETS = { version: 2 };
const ENTRY = { key: 1, value: 2 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5 };
const ATTRIBUTE = { name: 1, float: 2, integer: 3, integers: 8, type: 20 };
const ATTRIBUTE_TYPE = { float: 1, integer: 2, integers: 7 };
const TENSOR = { length: 1, type: 2, name: 8, data: 9 };
const TENSOR_TYPE: { readonly [T in ElementType]: number } = { f32: 1, i64: 7 };
const VALUE = { name: 1, type: 2 };
const TYPE = { tensor: 1 };
const TENSOR_OF = { type: 1, shape: 2 };
const SHAPE = { axis: 1 };
const AXIS = { length: 1, name: 2 };

function attributeOf(name: string, value: Attribute): Message {
  const of = (type: number, ...values: Message): Message => [text(ATTRIBUTE.name, name), ...values, integer(ATTRIBUTE.type, type)];
  if (typeof value === "number") return of(ATTRIBUTE_TYPE.integer, integer(ATTRIBUTE.integer, value));
  if ("float" in value) return of(ATTRIBUTE_TYPE.float, float(ATTRIBUTE.float, value.float));
  return of(ATTRIBUTE_TYPE.integers, ...value.map((item) => integer(ATTRIBUTE.integers, item)));
}

const nodeOf = ({ op, name, inputs, attributes }: Node): Message => [
  ...inputs.map((input) => text(NODE.input, input)),
  text(NODE.output, name),
  text(NODE.name, name),
  text(NODE.op, op),
  ...Object.entries(attributes).flatMap(([key, value]) => nested(NODE.attribute, attributeOf(key, value))),
];

const initializerOf = ({ name, type, shape, data }: Initializer): Message => [
  ...shape.map((length) => integer(TENSOR.length, length)),
  integer(TENSOR.type, TENSOR_TYPE[type]),
  text(TENSOR.name, name),
  ...nested(TENSOR.data, [data]),
];

function valueOf({ name, shape }: Value): Message {
  const axis = (length: number | string): Piece => (typeof length === "number" ? integer(AXIS.length, length) : text(AXIS.name, length));
  const axes = shape.flatMap((length) => nested(SHAPE.axis, [axis(length)]));
  const tensor = [integer(TENSOR_OF.type, TENSOR_TYPE.f32), ...nested(TENSOR_OF.shape, axes)];
  return [text(VALUE.name, name), ...nested(VALUE.type, nested(TYPE.tensor, tensor))];
}

const graphOf = ({ name, nodes, initializers, inputs, outputs }: Model): Message => [
  ...nodes.flatMap((node) => nested(GRAPH.node, nodeOf(node))),
  text(GRAPH.name, name),
  ...initializers.flatMap((initializer) => nested(GRAPH.initializer, initializerOf(initializer))),
  ...inputs.flatMap((value) => nested(GRAPH.input, valueOf(value))),
  ...outputs.flatMap((value) => nested(GRAPH.output, valueOf(value))),
];

/**
 * Encodes a model as a file; equal models give equal bytes.
 *
 * @throws OnnxError for more than 2 GiB
 */
export const encodeModel = (model: Model): Uint8Array =>
  encoded([
    integer(MODEL.irVersion, IR_VERSION),
    text(MODEL.producer, "deit"),
    ...nested(MODEL.graph, graphOf(model)),
    ...nested(MODEL.operatorSets, [integer(OPERATOR_SETS.version, OPERATOR_SET)]),
    ...[...model.metadata].flatMap(([key, value]) => nested(MODEL.metadata, [text(ENTRY.key, key), text(ENTRY.value, value)])),
  ]);
