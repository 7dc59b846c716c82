/**
 * Where the drivers of a GPU may lie. Vulkan needs its loader, libvulkan.so.1, a file that names the driver, nvidia_icd.json, and the driver's
 * libraries. In containers the last may be there without the first two: the loader is then that of the dev dependency @sparticuz/chromium, and the
 * file is written here. Without a screen the driver is better reached by its EGL library, as its GLX one wants those of X11.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const CACHE = "node_modules/.cache/deit";
const NVIDIA = ["libEGL_nvidia.so.0", "libGLX_nvidia.so.0"];

/** Unpacked by the specs: SwiftShader, with a loader of Vulkan beside it. */
function packaged() {
  const found = existsSync(CACHE) ? readdirSync(CACHE).find((name) => name.startsWith("swiftshader")) : undefined;
  return found === undefined ? null : resolve(CACHE, found);
}

/** With a folder of libraries that is looked through last. */
const withLibraries = (folder) => ({ LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, folder].filter(Boolean).join(":") });

/** A file that names a driver. */
function icd(folder, library) {
  mkdirSync(folder, { recursive: true });
  const path = resolve(join(folder, `${library}.json`));
  writeFileSync(path, JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: library, api_version: "1.3.0" } }));
  return path;
}

/** Variables for a process that looks for a GPU, the likeliest first. */
export function environments(folder, quick) {
  const own = packaged();
  const drivers = [
    { what: "the machine's drivers", variables: {} },
    ...NVIDIA.map((library) => ({ what: library, variables: { VK_ICD_FILENAMES: icd(folder, library) } })),
  ];
  const loaders =
    own === null
      ? []
      : drivers.map(({ what, variables }) => ({ what: `${what}, our loader`, variables: { ...withLibraries(own), ...variables } }));
  const software = { LD_LIBRARY_PATH: own, VK_ICD_FILENAMES: join(own ?? "", "vk_swiftshader_icd.json") };
  return [
    ...[...drivers, ...loaders].map((one) => ({ ...one, software: false })),
    ...(quick && own !== null ? [{ what: "SwiftShader", variables: software, software: true }] : []),
  ];
}
