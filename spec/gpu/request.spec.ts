import { expect, it } from "vitest";
import { openAdapter } from "../../src/gpu/adapter.ts";
import { deviceOf, requestDevice } from "../../src/gpu/request.ts";
import { onGpu } from "../helpers/gpu.ts";

it("a device is refused if there is no WebGPU", async () => {
  await expect(requestDevice(undefined)).rejects.toThrow(
    new RangeError("webgpu needs a browser that has WebGPU, and a page from https or localhost"),
  );
});

it("a device is refused if there is no adapter", async () => {
  const nothing = { requestAdapter: () => Promise.resolve(null) };
  await expect(requestDevice(nothing)).rejects.toThrow(new RangeError("webgpu needs an adapter, and this browser has none"));
});

onGpu("a device", () => {
  it("is refused if the adapter has already given one", async () => {
    const { adapter, gpu } = await openAdapter({ adapter: "SwiftShader", experimental: false });
    const device = await deviceOf(adapter, { plain: true });
    await expect(deviceOf(adapter, { plain: true })).rejects.toThrow(/^needs a device, which the adapter refuses: /);
    device.destroy();
    expect(gpu).toBeDefined(); // Dawn crashes if this is collected before its device ends
  });
});
