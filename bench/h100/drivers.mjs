/**
 * Finds the drivers of a GPU. Vulkan needs its loader, libvulkan.so.1, a file that names the driver, nvidia_icd.json, and the driver's
 * libraries. Containers may have the libraries without the other two: then the loader comes from the dev dependency @sparticuz/chromium, and the
 * file is written here. Without a display the EGL library of the driver is used, since its GLX library needs those of X11.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const CACHE = "node_modules/.cache/deit";
const NVIDIA = ["libEGL_nvidia.so.0", "libGLX_nvidia.so.0"];

/** What the specs unpack: SwiftShader, and a Vulkan loader next to it. */
function packaged() {
  const found = existsSync(CACHE) ? readdirSync(CACHE).find((name) => name.startsWith("swiftshader")) : undefined;
  return found === undefined ? null : resolve(CACHE, found);
}

/** The environment with a folder of libraries that is searched last. */
const withLibraries = (folder) => ({ LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, folder].filter(Boolean).join(":") });

/** Writes a file that names a driver. */
function icd(folder, library) {
  mkdirSync(folder, { recursive: true });
  const path = resolve(join(folder, `${library}.json`));
  writeFileSync(path, JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: library, api_version: "1.3.0" } }));
  return path;
}

/** Environments for a process that looks for a GPU, the most likely first. */
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
