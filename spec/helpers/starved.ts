/** Devices of Dawn's null backend that run out of memory when a spec says so: the errors are Dawn's own. */

/** Longer than what is left once no buffer of this length can be had. */
const HOG_BYTES = [2 ** 27, 2 ** 24, 2 ** 20, 2 ** 16, 2 ** 8];
/** All memory of the null backend has no more than this many buffers of a length. */
const MOST = 16;

/** Takes all memory that a device has, makes a buffer, and gives the rest back. */
function madeWithoutMemory(device: GPUDevice, make: GPUDevice["createBuffer"], descriptor: GPUBufferDescriptor): GPUBuffer {
  const hogs: GPUBuffer[] = [];
  device.pushErrorScope("out-of-memory");
  for (const size of HOG_BYTES) for (let i = 0; i < MOST; i++) hogs.push(make({ size, usage: descriptor.usage }));
  void device.popErrorScope();
  const made = make(descriptor);
  for (const hog of hogs) hog.destroy();
  return made;
}

export interface Starved {
  /** How many buffers have been asked for so far. */
  readonly buffers: () => number;
}

/** Makes a device have no memory for its n-th buffer, counted from 0, nor for the next `more`; of all buffers, or of those with such labels. */
export function starve(device: GPUDevice, n: number, more = 0, among: (label: string | undefined) => boolean = () => true): Starved {
  const make = device.createBuffer.bind(device);
  let count = 0;
  device.createBuffer = (descriptor) => {
    const index = among(descriptor.label) ? count++ : -1;
    return index >= n && index <= n + more ? madeWithoutMemory(device, make, descriptor) : make(descriptor);
  };
  return { buffers: () => count };
}
