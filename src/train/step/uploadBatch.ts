/** Uploads a batch from the host to an engine. */
import type { HostBatch } from "../../data/batches.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Batch } from "./step.ts";

export const uploadBatch = (k: Kernels, { images, labels }: HostBatch): Batch => ({
  images: k.upload(images.shape, images.data),
  labels: k.upload([labels.length], labels),
});
