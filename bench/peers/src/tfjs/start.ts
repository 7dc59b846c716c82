/** Starts the wasm backend of tfjs with this number of threads. */
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { NotAvailable } from "../library.ts";
import { versionOf } from "../version.ts";

export const tfjsVersion: string = `${versionOf("@tensorflow/tfjs")} on ${versionOf("@tensorflow/tfjs-backend-wasm")}`;

/** @throws NotAvailable for more than one thread, since its flag for threads is false in Node (https://github.com/tensorflow/tfjs/issues/3830) */
export async function started(threads: number): Promise<void> {
  setThreadsCount(threads);
  await tf.setBackend("wasm");
  await tf.ready();
  if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("tfjs found no SIMD");
  if (threads > 1 && !(await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"))) throw new NotAvailable("tfjs has no threads in Node");
}
