/** Adapters chosen by their index in the list of `deit engines`. */
import { describe, expect, it } from "vitest";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isIndex, isShadowed, nameAt } from "../../src/gpu/adapter.ts";
import { pciDevices, variablesForOnly, type PciDevice } from "../../src/gpu/equalAdapters.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const h100 = { name: "NVIDIA H100 80GB HBM3", backend: "vulkan" };
const software = { name: "llvmpipe (LLVM 15)", backend: "vulkan" };

describe("the adapter at an index", () => {
  it("is found by its name", () => {
    expect([0, 1].map((i) => nameAt(i, [h100, software]))).toEqual([h100.name, software.name]);
    expect(["0", "12", "RTX 4090", "vulkan", null].map(isIndex)).toEqual([true, true, false, false, false]);
  });

  it("that does not exist is refused with the list", () => {
    expect(() => nameAt(2, [h100, software])).toThrow(
      "needs an adapter 2, which is not here: 0 is NVIDIA H100 80GB HBM3 (vulkan), 1 is llvmpipe (LLVM 15) (vulkan)",
    );
    expect(() => nameAt(0, [])).toThrow("needs an adapter 0, which is not here, nor is any other");
  });

  it("that has the name of an earlier one is refused, since Dawn would open that", () => {
    expect(() => nameAt(1, [h100, h100])).toThrow("cannot open adapter 1, since Dawn chooses by name, and adapter 0 has the same");
  });
});

/** Of a node with four H100, a small NVIDIA card and the display controller of its board. */
const ofNode: readonly PciDevice[] = [
  { address: "0000:03:00.0", vendor: "0x1a03", device: "0x2000" },
  { address: "0000:1b:00.0", vendor: "0x10de", device: "0x2330" },
  { address: "0000:43:00.0", vendor: "0x10de", device: "0x2330" },
  { address: "0000:52:00.0", vendor: "0x10de", device: "0x2330" },
  { address: "0000:61:00.0", vendor: "0x10de", device: "0x25b6" },
  { address: "0001:9d:00.0", vendor: "0x10de", device: "0x2330" },
];

describe("equal adapters", () => {
  const a2 = { name: "NVIDIA A2", backend: "vulkan" };
  const adapters = [h100, h100, a2, h100, h100, software];
  const only = (index: number, devices: readonly PciDevice[] = ofNode): unknown => variablesForOnly(index, adapters, "nvidia", devices);

  it("are shadowed by the first, also if only a part of its name is the same", () => {
    expect(adapters.map((_, i) => isShadowed(i, adapters))).toEqual([false, true, false, true, true, false]);
    expect(isShadowed(1, [{ ...a2, name: "NVIDIA A20" }, a2])).toBe(true);
    expect(isShadowed(7, adapters)).toBe(false);
  });

  it("are each shown alone to a process by a PCI address of their own", () => {
    expect([0, 1, 3, 4].map((i) => only(i))).toEqual(
      ["0000_1b_00_0", "0000_43_00_0", "0000_52_00_0", "0001_9d_00_0"].map((address) => ({ DRI_PRIME: `pci-${address}!` })),
    );
  });

  it("are not guessed where the bus has more or fewer of them, two kinds as many, or another maker's", () => {
    expect(only(1, ofNode.slice(0, 4))).toBeNull(); // a container may see fewer adapters than the bus has
    expect(
      only(1, [...ofNode, ...[1, 2, 3, 4].map((i) => ({ address: `0002:0${i}:00.0`, vendor: "0x10de", device: "0x26b9" }))]),
    ).toBeNull();
    expect(variablesForOnly(1, adapters, "apple", ofNode)).toBeNull();
    expect(only(1, [])).toBeNull();
  });

  it("are found on the bus, by address", () => {
    const folder = temporaryFolder();
    const files = {
      "0000:43:00.0": ["0x030200", "0x10de", "0x2330"],
      "0000:00:1f.0": ["0x060100", "0x8086", "0x7a06"],
      "0000:1b:00.0": ["0x030000", "0x10de", "0x2330"],
    };
    for (const [address, [kind = "", vendor = "", device = ""]] of Object.entries(files)) {
      mkdirSync(join(folder, address));
      for (const [name, text] of Object.entries({ class: kind, vendor, device })) writeFileSync(join(folder, address, name), `${text}\n`);
    }
    expect(pciDevices(folder).map(({ address }) => address)).toEqual(["0000:1b:00.0", "0000:43:00.0"]);
    expect(pciDevices(join(folder, "nowhere"))).toEqual([]);
  });
});
