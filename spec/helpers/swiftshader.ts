/** SwiftShader, a GPU that is a program: Vulkan on the processor, so that GPU specs run on any machine of its platform. */
import { join } from "node:path";
import { unpackedOnce, unpackTar } from "./packed.ts";

/** Why this machine has none; null: it has. */
export const whyNoSwiftShader: string | null =
  process.platform === "linux" && process.arch === "x64"
    ? null
    : `SwiftShader is packaged for Linux on x64, not ${process.platform} on ${process.arch}`;

/** The variables with which a process must start to find it: the loader of libraries and that of Vulkan read them but once. */
export function swiftShaderVariables(): Readonly<Record<string, string>> {
  if (whyNoSwiftShader !== null) return {};
  const folder = unpackedOnce("swiftshader", (into) => unpackTar("swiftshader.tar.br", into));
  const libraries = [folder, process.env["LD_LIBRARY_PATH"] ?? ""].filter((path) => path !== "").join(":");
  return { LD_LIBRARY_PATH: libraries, VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json") };
}
