/** The rates and the step of the projection, measured beside predicted, as a table of text. */

const PRECISIONS = ["f16", "f32"];
const COLUMNS = ["bound", "expected", "pessimistic"];
/** What a unit is divided by, from FLOP/s, bytes/s and seconds. */
const OF_UNIT = { "TFLOP/s": 1e12, "GB/s": 1e9, µs: 1e-6 };

const resultOf = (steps, name) => {
  const result = steps.find((step) => step.name === name)?.result;
  return typeof result === "object" ? result : undefined;
};

const shown = (x) => (typeof x === "number" ? x.toPrecision(4) : "not measured");

/** The measured rate of each term: those of `bench rates`, and the host's of the training step. */
function measuredRates(steps, precision) {
  const rates = resultOf(steps, `rates-${precision}`)?.rates ?? {};
  const whole = resultOf(steps, `whole-base-${precision}`) ?? resultOf(steps, `whole-${precision}`);
  return { ...rates, ...(whole === undefined ? {} : { host: whole.hostUs * 1e-6 }) };
}

/** A row for each term that is measured in this precision. */
function rateRows(steps, project, precision) {
  const measured = measuredRates(steps, precision);
  return Object.entries(project.rates)
    .filter(([term]) => typeof measured[term] === "number")
    .map(([term, { title, unit, ...predicted }]) => {
      const cell = (x) => shown(x / OF_UNIT[unit]);
      return [`${title} (${precision})`, unit, cell(measured[term]), ...COLUMNS.map((column) => cell(predicted[column]))];
    });
}

/** The step of the first plain DeiT-B, or of the model that `--quick` tries, which has no prediction. */
function stepRow(steps, project, precision) {
  const whole = resultOf(steps, `whole-base-${precision}`) ?? resultOf(steps, `whole-${precision}`);
  const same = (row) => row.model === whole?.model && row.imageSize === whole?.imageSize && row.precision === precision;
  const predicted = project.batch === whole?.batch ? project.rows.find(same) : undefined;
  const at = (column) => predicted?.at?.find((one) => one.column === column)?.ms;
  const name = whole === undefined ? "a training step" : `a step of ${whole.model} at ${whole.imageSize}, batch ${whole.batch}`;
  const cells = COLUMNS.map((column) => (at(column) === undefined ? "no prediction" : shown(at(column))));
  return [`${name} (${precision})`, "ms", shown(whole?.ms?.median), ...cells];
}

/** Matrix multiplications of the step's layers, one by one, beside the rate that the projection expects of all. */
function gemmRows(steps, project, precision) {
  const predicted = project.rates[precision === "f16" ? "units" : "f32"];
  return (resultOf(steps, `rates-${precision}`)?.rows ?? []).map(({ shape, form, gflops }) => {
    const cells = COLUMNS.map((column) => shown(predicted[column] / 1e12));
    return [`${shape} ${form} (${precision})`, "TFLOP/s", shown(gflops / 1e3), ...cells];
  });
}

/** What was measured beside what was predicted. */
export function comparison(steps) {
  const project = resultOf(steps, "project");
  if (project === undefined) return "no projection: nothing to compare\n";
  const each = (rowsOf) => PRECISIONS.flatMap((precision) => rowsOf(steps, project, precision));
  const rows = [["", "", "measured", ...COLUMNS], ...each(rateRows), ...each((...of) => [stepRow(...of)]), ...each(gemmRows)];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "));
  return `Measured beside predicted for ${project.adapter.title}:\n${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}
