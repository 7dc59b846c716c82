/**
 * Writes what the files of results say into the pages docs/experiments/NAME.md, between `<!-- result -->` and `<!-- end -->`, the summary into
 * docs/experiments/index.md, and the figures: `npm run build && node spec/docs/experiments.mjs`. With `--check` it writes nothing, and fails where one differs.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

const results = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));

const counted = ({ claims }, reading) => claims.filter((claim) => claim.reading === reading).length;
const readings = ["seen", "not seen", "not decidable at this scale"];
const rows = results.map((result) => [
  `[${result.title}](./${result.experiment}.md)`,
  result.source,
  result.question,
  ...readings.map((reading) => counted(result, reading)),
]);
const head = ["experiment", "paper", "question", ...readings];
fill(join(folder, "index.md"), [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
for (const result of results) {
  fill(join(folder, `${result.experiment}.md`), experimentMarkdown(result));
  for (const i of result.figures.keys()) write(join(folder, figureFile(result.experiment, i)), figureText(result, i));
}
