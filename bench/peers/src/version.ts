/** The versions that are installed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../node_modules");

/** @throws SyntaxError or TypeError unless it has a package.json with a version */
function versionIn(path: string): string {
  const about: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (typeof about !== "object" || about === null || !("version" in about)) throw new TypeError(`${path} has no version`);
  return String(about.version);
}

/** `onnxruntime-web 1.30.0` */
export const versionOf = (name: string): string => `${name} ${versionIn(join(folder, name, "package.json"))}`;

export const ownVersion = (): string => `deit ${versionIn(join(import.meta.dirname, "../../../package.json"))}`;
