/** Selects the results that a recording is to hold: all or none of each kind, or those that match patterns. */
import type { Configuration } from "./configuration.ts";
import { tensorSpecsOf } from "./tensorSpecs.ts";

/** The kinds of results that can be selected. */
const chosenKinds = ["taps", "cotangents", "grads", "after"] as const;
/** A kind of results: activations, their cotangents, gradients of parameters, weights after steps. */
export type ChosenKind = (typeof chosenKinds)[number];

/** All, none, or patterns for names without their kind: `blocks.0.mlp.gelu` or, for `after`, `1/head.bias`; `*` stands for any characters. */
export type Choice = "all" | "none" | readonly string[];
/** Which results of each kind to hold. */
export type Choices = { readonly [K in ChosenKind]: Choice };

const matcher = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((text) => text.replaceAll(/[.\\/[\]()+?^$|{}]/g, String.raw`\$&`))
      .join(".*")}$`,
  );

/** @throws RangeError for a pattern that matches no name */
function matching(kind: ChosenKind, names: readonly string[], choice: Choice): readonly string[] {
  if (choice === "all") return names;
  if (choice === "none") return [];
  const patterns = choice.map((pattern) => ({ pattern, matches: matcher(pattern) }));
  const stray = patterns.find(({ matches }) => !names.some((name) => matches.test(name.slice(kind.length + 1))));
  if (stray !== undefined)
    throw new RangeError(
      `${kind}: no tensor matches "${stray.pattern}"${
        names.length === 0
          ? ", as this recording has none"
          : `; there are ${names
              .slice(0, 2)
              .map((name) => name.slice(kind.length + 1))
              .join(", ")} …`
      }`,
    );
  return names.filter((name) => patterns.some(({ matches }) => matches.test(name.slice(kind.length + 1))));
}

/**
 * The names of the selected results, in the order of the format's table. The loss, if there is one, is always among them.
 *
 * @throws RangeError for a pattern that matches no name
 */
export function chosenResults(configuration: Configuration, batch: number, choices: Choices): ReadonlySet<string> {
  const results = [...tensorSpecsOf(configuration, batch)].filter(([, { role }]) => role === "result").map(([name]) => name);
  const ofKind = (kind: string): readonly string[] => results.filter((name) => name.startsWith(`${kind}/`));
  const chosen = new Set(chosenKinds.flatMap((kind) => matching(kind, ofKind(kind), choices[kind])));
  return new Set(results.filter((name) => name === "loss" || chosen.has(name)));
}
