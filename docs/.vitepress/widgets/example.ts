/** An op on small arrays that a reader changes: outputs and gradients by the engine, and finite differences beside the hand-written VJP. */
import { derivative, drawOf, evaluate, hostArray, subjectOf, type DrawnCall, type HostArray, type Leaves, type Trial } from "deit/check";
import { keyOf, referenceEngine, type Kernels, type Op } from "deit";

/** A call of an op with inputs that can be replaced. */
export interface Example {
  /** The op's name. */
  readonly op: string;
  /** The inputs at first, by path. */
  readonly inputs: Leaves;
  /** The call with these inputs. */
  readonly trial: (inputs: Leaves) => Trial;
  /** What else a reader may change; undefined: nothing. */
  readonly settings?: Settings;
}

/** What an op reads and does not differentiate, as arrays: a teacher's logits, τ. */
export interface Settings {
  /** At present, by name. */
  readonly values: Leaves;
  /** The same example with these settings. */
  readonly changed: (values: Leaves) => SettableExample;
}

/** An example with settings. */
export interface SettableExample extends Example {
  readonly settings: Settings;
}

/** A call whose attrs are made of settings. */
export interface SettableCall<In, Attrs, Out, Name extends string> extends Omit<DrawnCall<In, Attrs, Out>, "attrs"> {
  readonly settings: Readonly<Record<Name, HostArray>>;
  readonly attrs: (k: Kernels, settings: Readonly<Record<Name, HostArray>>) => Attrs;
}

/** What a widget shows. Arrays by path; "out" for an output that is one array. */
export interface Shown {
  readonly out: Leaves;
  /** By the hand-written VJP. */
  readonly gradients: Leaves;
  /** By finite differences of ⟨ȳ, y⟩. */
  readonly differences: Leaves;
}

/** The tree with its arrays replaced by those of the same path. */
function replaced<T>(tree: T, arrays: Leaves, path?: string): T;
function replaced(tree: unknown, arrays: Leaves, path = ""): unknown {
  if (tree === null || typeof tree !== "object") return tree;
  if ("shape" in tree && "data" in tree) return arrays.get(path) ?? tree;
  if (Array.isArray(tree)) return tree.map((child, i) => replaced(child, arrays, path === "" ? `${i}` : `${path}.${i}`));
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, replaced(child, arrays, path === "" ? key : `${path}.${key}`)]),
  );
}

/** An example of an op. */
export function exampleOf<In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>, call: DrawnCall<In, Attrs, Out>): Example {
  const trial = (inputs: Leaves): Trial =>
    subjectOf(op, () => ({ ...call, inputs: replaced(call.inputs, inputs) })).trial(drawOf(keyOf(0)));
  return { op: op.name, inputs: trial(new Map()).inputs, trial };
}

/** An example of an op with settings. */
export function settableExampleOf<In, Saved, Attrs, Out, Name extends string>(
  op: Op<In, Saved, Attrs, Out>,
  { settings, attrs, ...call }: SettableCall<In, Attrs, Out, Name>,
): SettableExample {
  const changed = (values: Leaves): SettableExample => {
    const current = replaced(settings, values);
    const example = exampleOf(op, { ...call, attrs: (k) => attrs(k, current) });
    return { ...example, settings: { values: new Map(Object.entries<HostArray>(current)), changed } };
  };
  return changed(new Map());
}

/** ⟨a, b⟩ over all numbers of arrays by path. */
const dot = (a: Leaves, b: Leaves): number =>
  [...a].reduce((sum, [path, { data }]) => sum + data.reduce((s, x, i) => s + x * (b.get(path)?.data[i] ?? 0), 0), 0);

const moved = (inputs: Leaves, path: string, index: number, by: number): Leaves => {
  const { shape, data } = inputs.get(path) ?? hostArray([0], []);
  return new Map(inputs).set(path, hostArray(shape, data.map((x, i) => (i === index ? x + by : x)))); // prettier-ignore
};

const engine = referenceEngine();

/** The outputs for these inputs, without those that are not differentiated (`Constant`). */
export async function outputOf(example: Example, inputs: Leaves): Promise<Leaves> {
  const all = await evaluate(engine, (k) => ({ out: example.trial(inputs).forward(k, new Map()).out }));
  return new Map([...all].filter(([path]) => !path.split(".").includes("constant")));
}

/** Everything that a widget shows, for these inputs and cotangents ȳ. */
export async function shownOf(example: Example, inputs: Leaves, cotangents: Leaves): Promise<Shown> {
  const out = await outputOf(example, inputs);
  const cotangentOf = (name: string): HostArray => cotangents.get(name === "" ? "out" : `out.${name}`) ?? hostArray([0], []);
  const gradients = await evaluate(engine, (k) => example.trial(inputs).gradients(k, cotangentOf));
  const differences = new Map<string, HostArray>();
  for (const [path, { shape, data }] of inputs) {
    const slopes: number[] = [];
    for (const i of data.keys())
      slopes.push(await derivative(async (h) => dot(cotangents, await outputOf(example, moved(inputs, path, i, h)))));
    differences.set(path, hostArray(shape, slopes));
  }
  return { out, gradients, differences };
}
