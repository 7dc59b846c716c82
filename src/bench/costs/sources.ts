/** Published measurements that the rates of src/bench/costs/rates.ts come from. All figures are those of their authors; none was measured here. */
import type { Source } from "./estimate.ts";

const source = (date: string, url: string, what: string): Source => ({ what, url, date });

export const mmaOnHopper: Source = source(
  "2024-02",
  "https://arxiv.org/abs/2402.13499",
  "on an H800, mma.sync m16n8k16 on f16 with sums in f32 reaches 490.7 of 756.5 TFLOP/s; the other 35 % take wgmma, which subgroup matrices do not use",
);
export const flashAttention2: Source = source(
  "2023-07",
  "https://arxiv.org/abs/2307.08691",
  "FlashAttention-2, which uses mma.sync, reaches up to 335 TFLOP/s on an H100 and 230 of 312 on an A100",
);
export const cutlass2OnHopper: Source = source(
  "2025-11-29",
  "https://www.kapilsharma.dev/posts/learn-cutlass-the-hard-way-2",
  "a GEMM of CUTLASS 2, which uses mma.sync, reaches a little over 300 TFLOP/s on medium sizes and about 400 on large ones on an H100",
);
export const coopmatOn3090: Source = source(
  "2025-02",
  "https://github.com/ggml-org/llama.cpp/pull/11595",
  "llama.cpp's GEMM by VK_KHR_cooperative_matrix reaches 23.2 TFLOP/s with a factor in f16 and 45.5 with one in q4_0 on an RTX 3090, of 71",
);
export const wmmaOnA100: Source = source(
  "2023",
  "https://github.com/xudoong/GEMM/blob/main/hgemm-tensorcore/README.md",
  "a hand-written GEMM by wmma, with three stages, reaches 172.1 of 312 TFLOP/s on an A100; cuBLAS 210.7",
);
export const wmmaOn4090: Source = source(
  "2025",
  "https://github.com/xytpai/gpuk",
  "a hand-written GEMM by wmma reaches 163.5 of 165.2 TFLOP/s on an RTX 4090",
);
export const v100Measured: Source = source(
  "2018-05",
  "https://doi.org/10.1109/IPDPSW.2018.00091",
  "the tensor cores of a V100 deliver up to 83 TFLOP/s, by cuBLAS",
);
export const matricesOnM4: Source = source(
  "2025-09-05",
  "https://github.com/AnswerDotAI/gpu.cpp/pull/80",
  "GEMM in WGSL on an M4 Max: 13.3 TFLOP/s with subgroup matrices in f16, 10.6 without",
);
export const m4Peak: Source = source(
  "2025-06-09",
  "https://github.com/nihui/vkpeak/issues/24",
  "7.9 TFLOP/s in f32 and in f16 on an M4 Pro of 20 cores, so 15.8 on 40; matrices run on the same units",
);
export const sgemmOnA6000: Source = source(
  "2022-12",
  "https://github.com/siboehm/SGEMM_CUDA",
  "a hand-written GEMM in f32 reaches 21.8 TFLOP/s on an RTX A6000, of 38.7",
);
export const wgslOnM2: Source = source(
  "2024-08-05",
  "https://github.com/AnswerDotAI/gpu.cpp/issues/40",
  "a GEMM in WGSL in f32 reaches 0.89 of 3.6 TFLOP/s on an M2",
);
export const bandwidths: Source = source(
  "2024-02",
  "https://arxiv.org/abs/2402.13499",
  "measured bandwidth: H800 1861.5 of 2039 GB/s, A100 1407.2 of 1555, RTX 4090 929.8 of 1008",
);
export const bubbles: Source = source(
  "2025-05-27",
  "https://hazyresearch.stanford.edu/blog/2025-05-27-no-bubbles",
  "on an H100, vLLM and SGLang use at most 50 % of the bandwidth; from a kernel to the next pass 1.3 µs in a CUDA graph and 2.1 µs on a stream",
);
export const barrierGuess: Source = source(
  "2026-12",
  "docs/webgpu.md",
  "no measurement of dependent dispatches on Vulkan or Metal was found: twice the 2.1 µs of a CUDA stream is an assumption",
);
export const instructions: Source = source(
  "2026-12",
  "docs/webgpu.md#what-a-step-costs",
  "peaks count a fused multiply–add as two FLOP; an addition or a multiplication alone is one: half of the peak, and half of that is an assumption",
);
export const writeBuffer4090: Source = source(
  "2023-05-20",
  "https://github.com/krrishnarraj/clpeak/issues/108",
  "OpenCL on an RTX 4090: 20.9 GB/s by enqueueWriteBuffer and 9.1 by mapping, of 31.5 of PCIe 4.0 × 16",
);
export const webgpuPaper: Source = source(
  "2026-02-09",
  "https://arxiv.org/abs/2604.02344",
  "a dispatch of WebGPU takes the host 24 to 36 µs on Vulkan and 32 to 71 on Metal",
);
export const nullBackend: Source = source(
  "2026-12-01",
  "docs/webgpu.md#what-a-step-costs",
  "measured here on Dawn's null backend: 2.5 µs a dispatch for bare calls (AMD EPYC, 2026-11-28), 13.0 µs in the median for a whole step (Intel Xeon, 2 cores)",
);
export const uploads: Source = source(
  "2026-12-01",
  "docs/webgpu.md#what-a-step-costs",
  "measured here on Dawn's null backend, the same machine: writeBuffer copies 5.2 GB per second of processor time, 1.2 GB per second where ten times as many processes as cores compute; a plain copy of memory 6.5",
);
