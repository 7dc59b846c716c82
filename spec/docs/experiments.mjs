/**
 * Writes what the files of results say into the pages docs/experiments/NAME.md, between `<!-- result -->` and `<!-- end -->`, the summary into
 * docs/experiments/index.md, and the figures: `npm run build && node spec/docs/experiments.mjs`. With `--check` it writes nothing, and fails where one differs.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { experiments } from "../../dist/experiments/list.js";
import { experimentMarkdown, figureFile, figureText } from "../../dist/report/experiment/markdown.js";

const folder = "docs/experiments";
const check = process.argv.includes("--check");

function write(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  if (!check) return writeFileSync(path, text);
  process.stdout.write(`${path}: run node spec/docs/experiments.mjs\n`);
  process.exitCode = 1;
}

function fill(path, text) {
  const old = readFileSync(path, "utf8");
  write(
    path,
    old.replace(/<!-- result -->\n[^]*?<!-- end -->/, () => `<!-- result -->\n\n${text}\n\n<!-- end -->`),
  );
}

const results = [...experiments.values()].flatMap(({ name }) => {
  const path = join(folder, `${name}.json`);
  return existsSync(path) ? [JSON.parse(readFileSync(path, "utf8"))] : [];
});

const counted = ({ claims }, reading) => claims.filter((claim) => claim.reading === reading).length;
const readings = ["seen", "not seen", "not decidable at this scale"];
const missing = [...experiments.values()].filter(({ name }) => !results.some((result) => result.experiment === name));
const rows = results.map((result) => [
  `[${result.title}](./${result.experiment}.md)`,
  result.source,
  result.question,
  ...readings.map((reading) => counted(result, reading)),
]);
const head = ["experiment", "paper", "question", ...readings];
const table = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const open = missing.map(({ name, title, source }) => `- ${title} (${source}): \`deit experiment ${name}\``);
const rest = open.length === 0 ? "" : `\n\nDefined, and not measured yet:\n\n${open.join("\n")}`;
fill(join(folder, "index.md"), `${table}${rest}`);
for (const result of results) {
  fill(join(folder, `${result.experiment}.md`), experimentMarkdown(result));
  for (const i of result.figures.keys()) write(join(folder, figureFile(result.experiment, i)), figureText(result, i));
}
