/** `deit check`: every numbered equation and gradient, the laws of each op, and the identities, on random cases. */
import { Option, type Command } from "commander";
import type { RowReport } from "../../check/laws/row.ts";
import { checkRows, type CheckOptions } from "../processes/checkRows.ts";
import { collected, positive, withEngine, withExamples, withJson, withSeed, type EngineOptions, type JsonOption } from "../options.ts";
import { coloured, print, printJson, say, table } from "../output.ts";

const DIGITS = 2;
/** The assumed width of the output if it is unknown, in columns. */
const WIDE = 160;
/** The width of all columns but the title. */
const OTHERS = 76;
const NARROWEST = 24;

/** A title, shortened to the room that there is. */
function shortened(title: string): string {
  const room = Math.max(NARROWEST, (process.stdout.columns ?? WIDE) - OTHERS);
  return title.length <= room ? title : `${title.slice(0, room - 1)}…`;
}

const isOff = ({ status }: RowReport): boolean => status === "off";

/** The reports of all rows on one engine. */
export interface Checked {
  readonly engine: string;
  readonly reports: readonly RowReport[];
}

const shownBound = (tolerance: number): string => (tolerance === 0 ? "exact" : tolerance.toExponential(0));

/** Prints a line for each row with the worst error on each engine, all of which have run the same rows. Returns whether all rows hold on all engines. */
export function printReports(checked: readonly Checked[], { cases, seed }: CheckOptions): boolean {
  const [first] = checked;
  const errors = (i: number): readonly string[] =>
    checked.flatMap(({ reports }) => {
      const { worst = NaN, tolerance = NaN } = reports[i] ?? {};
      return [worst.toExponential(DIGITS), shownBound(tolerance)];
    });
  const lines = table(
    [
      ["id", "claim", "cases", ...checked.flatMap(({ engine }) => [engine, "allowed"])],
      ...(first?.reports ?? []).map((r, i) => [
        r.id,
        shortened(r.host === true ? `host: ${r.title}` : r.title),
        `${r.cases}`,
        ...errors(i),
      ]),
    ],
    ["left", "left", "right", ...checked.flatMap(() => ["right", "right"] as const)],
  );
  const off = (i: number): boolean => checked.some(({ reports }) => reports[i]?.status === "off");
  for (const [i, text] of lines.entries()) {
    const status = i === 0 ? "" : off(i - 1) ? coloured("OFF", "red") : coloured("ok", "green");
    print(`${text}  ${status}`.trimEnd());
  }

  print("");
  for (const { engine, reports } of checked) {
    const holding = reports.length - reports.filter(isOff).length;
    print(`${engine}: ${holding} of ${reports.length} rows hold (${cases} cases each, seed ${seed})`);
  }
  return !checked.some(({ reports }) => reports.some(isOff));
}

/** Says which rows do not hold, and how to reproduce them. */
export function sayFailures({ engine, reports }: Checked, { cases, seed }: CheckOptions): void {
  for (const { id, failure } of reports.filter(isOff))
    say(`${id} does not hold at ${failure}; to reproduce: deit check --only ${id} --engine ${engine} --cases ${cases} --seed ${seed}`);
}

/** The fields of the JSON contract; the others are for people. */
const forJson = ({ id, title, cases, worst, tolerance, status, host }: RowReport): Omit<RowReport, "failure"> => ({
  id,
  title,
  cases,
  worst,
  tolerance,
  status,
  ...(host === undefined ? {} : { host }),
});

async function run(options: CheckOptions & EngineOptions & JsonOption): Promise<void> {
  const reports = await checkRows(options);
  const ok = !reports.some(isOff);
  if (options.json === true) printJson({ rows: reports.map(forJson), ok });
  else printReports([{ engine: options.engine, reports }], options);
  sayFailures({ engine: options.engine, reports }, options);
  process.exitCode = ok ? 0 : 1;
}

export function addCheck(program: Command): void {
  const command = program
    .command("check")
    .description(
      "check every numbered equation and gradient of DeiT and the laws of each op, on random numbers; exit 1 if one does not hold",
    )
    .addOption(new Option("--cases <n>", "random cases of each row").argParser(positive).default(100))
    .addOption(new Option("--only <id>", "run this row only; may be given several times").argParser(collected));
  withExamples(withJson(withSeed(withEngine(command), "seed of the random cases")), [
    ["deit check", "all rows, 100 cases each"],
    ["deit check --only E4 --only G10", "layer norm and its gradient"],
    ["deit check --cases 1000 --json", "for a script"],
  ]).action(run);
}
