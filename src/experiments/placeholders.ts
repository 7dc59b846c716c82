/** Placeholders in what an experiment runs: `{data}`, and `{NAME}` for the folder of another arm's run. */
import type { Arm, Measurement } from "./experiment.ts";

/** What is run for each seed. */
export type Step = Arm | Measurement;

export const isArm = (step: Step): step is Arm => "set" in step;

const DATA = "data";
const PLACEHOLDER = /\{([a-z][a-z0-9-]*)\}/g;

const textsOf = (step: Step): readonly string[] => (isArm(step) ? step.set : step.command);

/** The arms whose runs a step needs. */
export const needsOf = (step: Step): readonly string[] => [
  ...new Set(
    textsOf(step)
      .flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name))
      .filter((name) => name !== DATA),
  ),
];

/** What the placeholders stand for. */
export interface Meaning {
  readonly data: string;
  readonly folderOf: (arm: string) => string;
}

/** The changes of an arm, or the words of a measurement, without placeholders. */
export const filled = (step: Step, { data, folderOf }: Meaning): readonly string[] =>
  textsOf(step).map((text) => text.replaceAll(PLACEHOLDER, (_, name: string) => (name === DATA ? data : folderOf(name))));

/** The steps in rounds: those of a round need only runs of the rounds before. @throws RangeError for one that needs an arm that there is not, or itself */
export function rounds(steps: readonly Step[]): readonly (readonly Step[])[] {
  const done = new Set<string>();
  const all: (readonly Step[])[] = [];
  for (let left = steps; left.length > 0;) {
    const round = left.filter((step) => needsOf(step).every((name) => done.has(name)));
    if (round.length === 0)
      throw new RangeError(`experiment: ${left.map(({ name }) => name).join(", ")}: an arm that is needed is missing`);
    all.push(round);
    for (const { name } of round) done.add(name);
    left = left.filter((step) => !round.includes(step));
  }
  return all;
}
