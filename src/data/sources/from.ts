/** Opens a data set again, in whatever thread. */
import { withChannels } from "./channels.ts";
import { cifarRecords } from "./cifarRecords.ts";
import type { Dataset, DatasetHandle } from "./dataset.ts";
import { openDataset } from "./open.ts";
import { photographs } from "./photographs.ts";
import { sharedSubset } from "./subset.ts";

/** The data set of a handle. Shared memory is used as it is; files are opened anew, when they are first read. */
export function datasetFrom(handle: DatasetHandle): Dataset {
  if (handle.kind === "named") return openDataset(handle.text, handle.shape);
  if (handle.kind === "records") return cifarRecords(handle);
  if (handle.kind === "photographs") return photographs(handle.index);
  if (handle.kind === "channels") return withChannels(datasetFrom(handle.of), handle.channels);
  return sharedSubset(datasetFrom(handle.of), handle.samples);
}

/** The handle of the same set for images of another side. */
function handleOfSide(handle: DatasetHandle, side: number): DatasetHandle {
  if (handle.kind === "named") return { ...handle, shape: { ...handle.shape, side } };
  return handle.kind === "subset" || handle.kind === "channels" ? { ...handle, of: handleOfSide(handle.of, side) } : handle;
}

/**
 * The same set for images of another side: digits and synthetic images are made for it, stored images stay as they are.
 *
 * @throws RangeError for a side that the set cannot have
 */
export const datasetOfSide = ({ handle }: Dataset, side: number): Dataset => datasetFrom(handleOfSide(handle, side));
