/** The worker that trains: an engine, a session, and the page's messages. */
import { wasmEngine } from "#deit/wasm.js";
import { requestDevice, webgpuEngine } from "#deit/webgpu.js";
import type { Command } from "./messages.ts";
import { openSession } from "./session.ts";

/** Resolves after the messages that have arrived; a timer would wait for 4 ms. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });

const obey = openSession({
  openEngine: async ({ engine }, threads) =>
    engine === "webgpu" ? webgpuEngine({ device: await requestDevice(navigator.gpu) }) : wasmEngine({ threads }),
  post: (report) => postMessage(report),
  turn,
  now: () => performance.now(),
});

addEventListener("message", ({ data }: MessageEvent<Command>) => obey(data));
