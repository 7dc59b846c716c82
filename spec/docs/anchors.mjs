/**
 * `node spec/docs/anchors.mjs [--check]`: updates the line numbers of links to declarations, such as [`forward`](../src/ops/gelu.ts#L23), in
 * docs/*.md and docs/reference/*.md. With --check it changes nothing, but lists the wrong ones and exits with 1.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const docs = join(import.meta.dirname, "../../docs");
const check = process.argv.includes("--check");
const LINK = /\[`(\w+)`\]\(((?:\.\.\/)+src\/[\w/]+\.ts)#L(\d+)\)/g;

/** The line that declares a name, from 1 on; a function inside another counts too. */
function lineOf(name, path, page) {
  const lines = readFileSync(join(docs, dirname(page), path), "utf8").split("\n");
  const declaration = new RegExp(`^\\s*(export )?(async )?(function\\*?|const|interface|type) ${name}\\b`);
  const line = lines.findIndex((text) => declaration.test(text)) + 1;
  if (line === 0) throw new Error(`${path} declares no ${name}`);
  return line;
}

const pages = ["", "reference/"].flatMap((folder) => readdirSync(join(docs, folder)).map((name) => `${folder}${name}`));

let wrong = 0;
for (const page of pages.filter((name) => name.endsWith(".md"))) {
  const text = readFileSync(join(docs, page), "utf8");
  const right = text.replaceAll(LINK, (link, name, path, line) => {
    const now = lineOf(name, path, page);
    if (Number(line) === now) return link;
    wrong++;
    if (check) console.log(`${page}: ${name} of ${path} is at line ${now}, not ${line}`);
    return `[\`${name}\`](${path}#L${now})`;
  });
  if (!check && right !== text) writeFileSync(join(docs, page), right);
}
if (check && wrong > 0) process.exit(1);
