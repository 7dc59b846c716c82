/** SwiftShader, a software adapter: Vulkan on the processor, so that the engine runs, slowly, where there is no GPU. */
import { join } from "node:path";
import { hasPackage, unpackedOnce, unpackTar } from "./packed.ts";

/** Why it cannot run on this machine; null: it can. */
export function whyNoSwiftShader(): string | null {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") return `SwiftShader is packaged for Linux on x64, not ${platform} on ${arch}`;
  return hasPackage() ? null : "SwiftShader comes with the dev dependency @sparticuz/chromium, which is not installed";
}

/** Part of the name of the adapter. */
export const SWIFTSHADER = "SwiftShader";

/**
 * The environment variables that make a process find SwiftShader and no other adapter. They must be set when the process starts: the dynamic linker
 * and the Vulkan loader read them only then.
 *
 * @throws RangeError that says why it cannot run here
 */
export function swiftShaderVariables(): Readonly<Record<string, string>> {
  const why = whyNoSwiftShader();
  if (why !== null) throw new RangeError(`needs SwiftShader: ${why}`);
  const folder = unpackedOnce("swiftshader", (into) => unpackTar("swiftshader.tar.br", into));
  const libraries = [folder, process.env["LD_LIBRARY_PATH"] ?? ""].filter((path) => path !== "").join(":");
  const driver = join(folder, "vk_swiftshader_icd.json");
  return { LD_LIBRARY_PATH: libraries, VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
}
