/**
 * Writes what the files of results say into the pages docs/experiments/NAME.md, between `<!-- result FILE -->` and `<!-- end -->`, the summary into
 * docs/experiments/index.md, and the figures: `npm run build && node spec/docs/experiments.mjs`. With `--check` it writes nothing, and fails where one differs.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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

function fill(path, name, text) {
  const old = readFileSync(path, "utf8");
  const [from, to] = [`<!-- result ${name} -->`, "<!-- end -->"];
  const [start, end] = [old.indexOf(from), old.indexOf(to, old.indexOf(from))];
  if (start < 0 || end < 0) throw new Error(`${path}: there is no ${from} with an ${to} after it`);
  write(path, `${old.slice(0, start)}${from}\n\n${text}\n\n${old.slice(end)}`);
}

/** Results by the names of their files: NAME.json, or NAME-DATA.json for further data. */
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => [name.replace(/\.json$/, ""), JSON.parse(readFileSync(join(folder, name), "utf8"))]);
const resultOf = (name) => files.find(([file]) => file === name)?.[1];

const counted = ({ claims }, reading) => claims.filter((claim) => claim.reading === reading).length;
const readings = ["seen", "not seen", "not decidable at this scale"];
const rows = [...experiments.keys()].map((name) => {
  const result = resultOf(name);
  if (result === undefined) throw new Error(`${folder}/${name}.json is missing: deit experiment ${name} measures it`);
  return [`[${result.title}](./${name}.md)`, result.source, result.question, ...readings.map((reading) => counted(result, reading))];
});
const head = ["experiment", "paper", "question", ...readings];
fill(join(folder, "index.md"), "summary", [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
for (const [file, result] of files) {
  fill(join(folder, `${result.experiment}.md`), file, experimentMarkdown(result, file));
  for (const i of result.figures.keys()) write(join(folder, figureFile(file, i)), figureText(result, i));
}
