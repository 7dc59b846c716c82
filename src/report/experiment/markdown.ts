/** Writes the results of an experiment as Markdown, for the documentation, and its figures as SVG files of their own. */
import type { Judged, Measured, ResultFile } from "../../experiments/result.ts";
import { effectText, intervalText, seedsText } from "../../experiments/texts.ts";
import { differenceText, numberText, paperText } from "../../experiments/units.ts";
import { light } from "../style.ts";
import { figurePlot } from "./plots.ts";

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/** A table whose first column is text, and whose others are numbers. */
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(row)].join("\n");

const quantityRow = ({ name, unit, mean, standardError, paper }: Measured): readonly string[] => [
  name,
  `${numberText(unit, mean)} ± ${numberText(unit, standardError)}`,
  paperText(unit, paper),
  unit,
];

const claimRow = ({ text, unit, mean, interval, says, power, reading }: Judged): readonly string[] => [
  text,
  differenceText(unit, mean),
  intervalText(unit, interval),
  effectText(unit, says),
  differenceText(unit, power),
  `**${reading}**`,
];

/** The name of the file of a figure, from 0 on, of the results in `name.json`. */
export const figureFile = (name: string, index: number): string => `${name}-${index}.svg`;

/** The tables, the figures, and how all of it was measured, of the results in `name.json`. */
export function experimentMarkdown(result: ResultFile, name: string): string {
  const { quantities, claims, figures, paper, because, command, machine, date, commit } = result;
  const images = figures.map(({ title }, i) => `![${title}](./${figureFile(name, i)})\n\n${title}.`);
  return [
    tableOf(["", "ours, mean ± standard error", "paper", "unit"], quantities.map(quantityRow)),
    `In the paper: ${paper}. Ours are means of ${seedsText(result)}.`,
    ...images,
    tableOf(["claim", "difference", "95 % interval", "claimed", "power", "reading"], claims.map(claimRow)),
    `Power is the difference that was expected beforehand to be seen in 80 % of all repetitions: ${because}.`,
    `\`${command}\`, ${machine}, ${date.slice(0, "2026-01-01".length)}, commit \`${commit ?? "unknown"}\`. All numbers are in \`docs/experiments/${name}.json\`.`,
  ].join("\n\n");
}

const FONT = "font-family: system-ui, sans-serif; font-size: 12px;";

/** A figure as a file of its own, in the colours of light mode on white. */
export function figureText(result: ResultFile, index: number): string {
  const figure = result.figures[index];
  if (figure === undefined) throw new RangeError(`${result.experiment} has no figure ${index}`);
  const colours: Readonly<Record<string, string>> = light;
  return figurePlot(figure)
    .html.replace("<svg", `<svg xmlns="http://www.w3.org/2000/svg" style="background: ${light.page}; color: ${light.ink}; ${FONT}"`)
    .replaceAll(/var\(--([\w-]+)\)/g, (_, name: string) => colours[name] ?? "currentColor");
}
