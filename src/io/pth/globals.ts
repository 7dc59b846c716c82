/**
 * The names that a pickle may import. A name is never looked up or imported: it stands for itself. Where a pickle calls such a name, `called`
 * makes plain data of the arguments.
 */
import { STORAGE_DTYPES, type Wrong } from "./storages.ts";
import { tensorOf } from "./tensors.ts";
import { described, isA, type Value } from "./values.ts";

/** Functions and classes that a pickle may call. */
const CALLED = [
  "collections.OrderedDict",
  "argparse.Namespace",
  "torch.Size",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
];

/** torch's dtypes, which occur in saved settings. */
const DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"];

const ALLOWED: ReadonlySet<string> = new Set([...STORAGE_DTYPES.keys(), ...CALLED, ...DTYPES.map((name) => `torch.${name}`)]);

export const isAllowed = (name: string): boolean => ALLOWED.has(name);

/**
 * The result of calling an allowed name. A call costs no more than a pass over a tensor's axes, so a small pickle cannot cause much work.
 *
 * @throws the error of `wrong`
 */
export function called(callee: Value, args: Value, wrong: Wrong): Value {
  if (!isA(callee, "global")) throw wrong(`calls ${described(callee)}`);
  if (!isA(args, "tuple")) throw wrong(`calls ${callee.name} with ${described(args)}, not a tuple`);
  const { name } = callee;
  const { items } = args;
  const [first] = items;
  const refuse: Wrong = (what) => wrong(`calls ${name}, which ${what}`);
  switch (name) {
    case "collections.OrderedDict":
    case "argparse.Namespace":
      if (items.length > 0) throw refuse("may have no arguments here");
      return name === "argparse.Namespace" ? { kind: "instance", of: name, state: null } : { kind: "dict", entries: new Map() };
    case "torch.Size":
      if (!isA(first, "tuple")) throw refuse(`needs a tuple, got ${described(first)}`);
      return first;
    case "torch._utils._rebuild_parameter":
      if (!isA(first, "tensor")) throw refuse(`needs a tensor, got ${described(first)}`);
      return first;
    case "torch._utils._rebuild_tensor_v2":
      return tensorOf(items, refuse);
    default:
      throw refuse("may not be called");
  }
}
