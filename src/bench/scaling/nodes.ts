/** Machines for the model of scaling (step.ts), with the sources of their figures. */

/** One level of links: between ranks of a node, or between nodes. */
export interface Link {
  /** Seconds that a message takes whatever its size. */
  readonly latency: number;
  /** Bytes a second of one rank, each way, while all ranks send. */
  readonly bandwidth: number;
}

/** How sums are taken. */
export interface Sums {
  readonly title: string;
  readonly within: Link;
  readonly between: Link;
  /** Seconds a byte of gradients, once a step: copies between the device, the engine and the buffers of the sum, and the additions. */
  readonly local: number;
}

export interface Node {
  readonly title: string;
  readonly ranks: number;
  /** What this project does, first; then, for comparison, what is not built. */
  readonly sums: readonly Sums[];
  readonly sources: string;
}

const GIGA = 1e9;
const MICRO = 1e-6;

/** Measured on a loaded machine (docs/scaling.md): seconds of an exchange, through the thread that makes the MPI calls; bytes a second of copying and adding in JavaScript. */
const [EXCHANGE, LOCAL] = [25 * MICRO, 0.75 * GIGA];

/** The network adds so much to an exchange. */
const NETWORK = 3 * MICRO;
/** NDR InfiniBand, one port of 400 Gbit/s for each GPU; and Ethernet of 100 Gbit/s, shared by the ranks of a node. */
const [NDR, ETHERNET] = [50 * GIGA, 12.5 * GIGA];
/** What one thread reaches of memory and of a faster network, with one copy on each side. An assumption: see docs/scaling.md for what was measured. */
const ONE_THREAD = 5 * GIGA;
/** NVLink 4, one way; and the latency of a GPU's own collective for each exchange. */
const [NVLINK, DIRECT] = [450 * GIGA, 5 * MICRO];

export const nodes: Readonly<Record<string, Node>> = {
  h100: {
    title: "8 × NVIDIA H100 SXM5, one rank a GPU",
    ranks: 8,
    sums: [
      {
        title: "sums through the memory of the host, as here",
        within: { latency: EXCHANGE, bandwidth: ONE_THREAD },
        between: { latency: EXCHANGE + NETWORK, bandwidth: Math.min(NDR, ONE_THREAD) },
        local: 1 / LOCAL,
      },
      {
        title: "sums on the GPUs, over NVLink and GPUDirect: not built, WebGPU has no access to them",
        within: { latency: DIRECT, bandwidth: NVLINK },
        between: { latency: DIRECT, bandwidth: NDR },
        local: 0,
      },
    ],
    sources:
      "NVIDIA H100 data sheet (NVLink 900 GB/s both ways), DGX H100 data sheet (one 400 Gbit/s port a GPU); latency, copies and additions as measured in docs/scaling.md; 3 µs of the network and 5 GB/s of one thread are assumptions",
  },
  cpu: {
    title: "64 cores, 4 ranks of 16 threads, 100 Gbit/s Ethernet",
    ranks: 4,
    sums: [
      {
        title: "sums through shared memory and Ethernet, as here",
        within: { latency: EXCHANGE, bandwidth: ONE_THREAD },
        between: { latency: EXCHANGE + NETWORK, bandwidth: Math.min(ETHERNET / 4, ONE_THREAD) },
        local: 1 / LOCAL,
      },
    ],
    sources:
      "100 Gbit/s is the network's nominal rate; latency, copies and additions as measured in docs/scaling.md; 3 µs of the network and 5 GB/s of one thread within a node are assumptions. A core trains at 0.8 of 51 GFLOP/s and 16 threads at 0.7 of 16 cores (docs/performance.md; the latter is measured on 2 threads only)",
  },
};

/** FLOP/s of a rank of the CPU node while it trains. */
export const CPU_FLOPS: number = 16 * 0.7 * 51 * GIGA;

/** @throws RangeError for an unknown name, with the known ones */
export function nodeNamed(name: string): Node {
  const node = nodes[name];
  if (node === undefined) throw new RangeError(`unknown node ${name}; known: ${Object.keys(nodes).join(", ")}`);
  return node;
}
