/** Lifts a routine for one parameter to one for all parameters. An engine may fuse it into a single dispatch; otherwise it runs once for each parameter. */
import { defineRoutine, type Routine } from "../../ops/op.ts";

/** One value for each parameter, by the parameter's name. */
export type ByName<T> = Readonly<Record<string, T>>;

/** The inputs of a routine for all parameters. */
export interface Leaves<Leaf, Shared> {
  /** The inputs that each parameter has of its own. */
  readonly leaves: ByName<Leaf>;
  /** The inputs that all parameters share. */
  readonly shared: Shared;
}

/** The settings of each parameter. */
export interface LeavesAttrs<Attrs> {
  /** The settings of the parameter of that name. */
  readonly of: (name: string) => Attrs;
}

/** Runs `leaf` on all parameters. Of each parameter it consumes what `leaf` does. */
export const eachLeaf = <Leaf, Shared, Attrs, Out>(
  leaf: Routine<Leaf & Shared, Attrs, Out>,
): Routine<Leaves<Leaf, Shared>, LeavesAttrs<Attrs>, ByName<Out>> =>
  defineRoutine({
    name: leaf.name,
    run: (k, { leaves, shared }, { of }) =>
      Object.fromEntries(Object.entries(leaves).map(([name, one]) => [name, leaf.run(k.at(name), { ...one, ...shared }, of(name))])),
  });
