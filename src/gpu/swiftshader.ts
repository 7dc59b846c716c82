/** SwiftShader, a GPU that is a program: Vulkan on the processor, so that the engine runs, slowly, where there is no GPU. */
import { join } from "node:path";
import { hasPackage, unpackedOnce, unpackTar } from "./packed.ts";

/** Why this machine has none; null: it has. */
export function whyNoSwiftShader(): string | null {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") return `SwiftShader is packaged for Linux on x64, not ${platform} on ${arch}`;
  return hasPackage() ? null : "SwiftShader comes with the dev dependency @sparticuz/chromium, which is not installed";
}

/** Part of its name as an adapter. */
export const SWIFTSHADER = "SwiftShader";

/**
 * The variables with which a process must start to find it, and nothing else: the loader of libraries and that of Vulkan read them but once.
 *
 * @throws RangeError that says why there is none
 */
export function swiftShaderVariables(): Readonly<Record<string, string>> {
  const why = whyNoSwiftShader();
  if (why !== null) throw new RangeError(`needs SwiftShader: ${why}`);
  const folder = unpackedOnce("swiftshader", (into) => unpackTar("swiftshader.tar.br", into));
  const libraries = [folder, process.env["LD_LIBRARY_PATH"] ?? ""].filter((path) => path !== "").join(":");
  const driver = join(folder, "vk_swiftshader_icd.json");
  return { LD_LIBRARY_PATH: libraries, VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
}
