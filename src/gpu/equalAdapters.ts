/**
 * Equal GPUs. Dawn finds an adapter by its name, and so does not tell them apart; a process that sees only one of them can open it. On Linux the
 * device-select layer of Mesa (VK_LAYER_MESA_device_select, which serves the drivers of all makers) shows a process the GPU at one PCI address:
 * `DRI_PRIME=pci-0000_02_00_0!`. The filters of the Vulkan loader (VK_LOADER_DEVICE_ID_FILTER and others) compare numbers that equal GPUs share.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Listed } from "./adapter.ts";

/** A GPU on the PCI bus. */
export interface PciDevice {
  /** domain:bus:device.function */
  readonly address: string;
  /** PCI numbers, such as 0x10de. */
  readonly vendor: string;
  readonly device: string;
}

/** Where Linux lists PCI devices. */
const PCI = "/sys/bus/pci/devices";
/** Class of display controllers: the upper byte. */
const DISPLAY = /^0x03/;

/** Dawn's names of makers, and their PCI numbers. */
const VENDORS: Readonly<Record<string, string>> = { nvidia: "0x10de", amd: "0x1002", intel: "0x8086" };

/** The GPUs of this machine by address; none where there is no such list. */
export function pciDevices(folder: string = PCI): readonly PciDevice[] {
  if (!existsSync(folder)) return [];
  const read = (address: string, name: string): string => readFileSync(join(folder, address, name), "utf8").trim();
  return readdirSync(folder)
    .toSorted()
    .filter((address) => DISPLAY.test(read(address, "class")))
    .map((address) => ({ address, vendor: read(address, "vendor"), device: read(address, "device") }));
}

/**
 * The environment variables with which a process sees only the adapter at this index; null: none are known. They must be set when it starts. The
 * n-th adapter of a name is the n-th GPU of its kind by address, which is a kind that exactly as many adapters have.
 *
 * @param vendor the maker in Dawn's words
 */
export function variablesForOnly(
  index: number,
  adapters: readonly Listed[],
  vendor: string,
  devices: readonly PciDevice[],
): Readonly<Record<string, string>> | null {
  const equal = [...adapters.keys()].filter((i) => adapters[i]?.name === adapters[index]?.name && adapters[i]?.backend === "vulkan");
  const own = devices.filter((one) => one.vendor === VENDORS[vendor]);
  const kinds = [...new Set(own.map(({ device }) => device))].map((kind) => own.filter(({ device }) => device === kind));
  const [kind, other] = kinds.filter(({ length }) => length === equal.length);
  const chosen = kind?.[equal.indexOf(index)];
  return chosen === undefined || other !== undefined ? null : { DRI_PRIME: `pci-${chosen.address.replaceAll(/[:.]/g, "_")}!` };
}
