/**
 * Starts the headless Chromium of the package @sparticuz/chromium, for Linux on x64, with the libraries that a bare machine lacks and with
 * SwiftShader, which draws without a GPU.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { inflated, unpackedOnce, unpackTar } from "../../src/gpu/packed.ts";

const EXECUTABLE = 0o755;

/** The folder with the unpacked browser. */
const unpacked = (): string =>
  unpackedOnce("chromium", (folder) => {
    writeFileSync(join(folder, "chromium"), inflated("chromium.br"), { mode: EXECUTABLE });
    for (const name of ["al2023.tar.br", "swiftshader.tar.br"]) unpackTar(name, folder);
  });

interface Program {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

function program(): Program {
  const folder = unpacked();
  const given = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { path: join(folder, "chromium"), environment: { ...Object.fromEntries(given), LD_LIBRARY_PATH: join(folder, "lib") } };
}

/** Why this machine cannot run the browser; null if it can. */
export function whyNoChromium(): string | null {
  const { path, environment } = program();
  const { error, status, stderr } = spawnSync(path, ["--version"], { env: environment, encoding: "utf8" });
  if (error === undefined && status === 0) return null;
  const [reason = ""] = (error?.message ?? stderr).split("\n");
  return `it does not run here: ${reason}`;
}

/** Chooses SwiftShader for WebGPU, even if the machine has a GPU. */
const GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** A new browser; the caller closes it. */
export function startChromium(): Promise<Browser> {
  const { path, environment } = program();
  return chromium.launch({ executablePath: path, env: environment, args: ["--no-sandbox", ...GPU] });
}
