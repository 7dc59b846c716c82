/** `npm run build`: dist/ from src (tsc) and from assembly (asc). */
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";

function run(tool, ...args) {
  const { status, error } = spawnSync(`node_modules/.bin/${tool}`, args, { stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

run("tsc", "-p", "tsconfig.build.json");
for (const target of ["release", "debug"]) run("asc", "--config", "asconfig.json", "--target", target);

chmodSync("dist/cli.js", 0o755); // npx runs it through a link
