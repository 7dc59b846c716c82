/** A routine of one parameter as one of all parameters: what an engine may go over in one launch, and one after the other elsewhere. */
import { defineRoutine, type Routine } from "../../ops/op.ts";

/** By the names of the parameters. */
export type ByName<T> = Readonly<Record<string, T>>;

/** All parameters at once. */
export interface Leaves<Leaf, Shared> {
  /** What each has of its own. */
  readonly leaves: ByName<Leaf>;
  /** The same for all. */
  readonly shared: Shared;
}

/** The settings of each parameter. */
export interface LeavesAttrs<Attrs> {
  /** Those of the parameter of that name. */
  readonly of: (name: string) => Attrs;
}

/** Runs `leaf` on all; consumes of each what `leaf` consumes. */
export const eachLeaf = <Leaf, Shared, Attrs, Out>(
  leaf: Routine<Leaf & Shared, Attrs, Out>,
): Routine<Leaves<Leaf, Shared>, LeavesAttrs<Attrs>, ByName<Out>> =>
  defineRoutine({
    name: leaf.name,
    run: (k, { leaves, shared }, { of }) =>
      Object.fromEntries(Object.entries(leaves).map(([name, one]) => [name, leaf.run(k.at(name), { ...one, ...shared }, of(name))])),
  });
