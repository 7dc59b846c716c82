/** What the adapters of the projection reach, in three columns, and where each figure is from. FLOP/s, bytes/s and seconds. */
import { ofPeak, type Source, type Sourced } from "./estimate.ts";
import * as sources from "./sources.ts";

/** The rates of an adapter. */
export interface AdapterRates {
  /** FLOP/s of matrix multiplications in f16 by subgroup matrices. */
  readonly units: Sourced;
  /** FLOP/s of matrix multiplications without matrix units. */
  readonly f32: Sourced;
  /** FLOP/s of all other arithmetic. */
  readonly arithmetic: Sourced;
  /** Bytes/s, read and written together. */
  readonly memory: Sourced;
  /** Seconds from the end of a dispatch to the start of the next, which depends on it. */
  readonly latency: Sourced;
  /** Bytes/s from the host's memory to the device's. */
  readonly upload: Sourced;
}

/** The rates of the host. */
export interface HostRates {
  /** Seconds to encode and submit a dispatch. */
  readonly host: Sourced;
  /** Bytes/s of uploads, which the host copies to a buffer that the device reads. */
  readonly copy: Sourced;
}

const TERA = 1e12;
const GIGA = 1e9;
const MICRO = 1e-6;

/** Shares of the peak of tensor cores (coopmatOn3090). */
const [TUNED, UNTUNED] = [45.46 / 71, 23.17 / 71];
/** Shares of the peak of f32 (sgemmOnA6000, wgslOnM2). */
const [F32_TUNED, F32_UNTUNED] = [21.78 / 38.7, 0.887 / 3.6];
/** The instruction set of subgroup matrices, of the peak of Hopper (mmaOnHopper). */
const WITHOUT_WGMMA = 490.7 / 756.5;
/** Measured shares of the bandwidth (bandwidths); adapters that are not among them get the smallest. */
const MEASURED = { h100: 1861.5 / 2039, a100: 1407.2 / 1555, "rtx-4090": 929.8 / 1008 } as const;
/** Share of the bandwidth where dispatches are short (bubbles). */
const SHORT = 1 / 2;
/** Shares of PCIe (writeBuffer4090). */
const [WRITTEN, MAPPED] = [20.85 / 31.5, 9.07 / 31.5];
/** Bytes/s of PCIe × 16 by generation. */
const PCIE = { 3: 15.75 * GIGA, 4: 31.5 * GIGA, 5: 63 * GIGA } as const;

/** Peaks of the data sheet, and the measured share of the bandwidth. */
interface Sheet {
  readonly f32: number;
  readonly bandwidth: number;
  readonly share?: number;
  /** Bytes/s from the host. */
  readonly link: number;
}

/** The rates that follow from the data sheet and from shares that are alike on all adapters. */
const common = ({ f32, bandwidth, share = MEASURED.a100, link }: Sheet): Omit<AdapterRates, "units"> => ({
  f32: ofPeak(f32, F32_TUNED, F32_UNTUNED, [sources.sgemmOnA6000, sources.wgslOnM2]),
  arithmetic: ofPeak(f32, 1 / 2, 1 / 4, [sources.instructions]),
  memory: ofPeak(bandwidth, share, SHORT, [sources.bandwidths, sources.bubbles]),
  latency: { bound: 1.3 * MICRO, expected: 2.1 * MICRO, pessimistic: 4.2 * MICRO, sources: [sources.bubbles, sources.barrierGuess] },
  upload: ofPeak(link, WRITTEN, MAPPED, [sources.writeBuffer4090]),
});

const units = (bound: number, expected: number, pessimistic: number, ...of: readonly Source[]): Sourced => ({
  bound: bound * TERA,
  expected: expected * TERA,
  pessimistic: pessimistic * TERA,
  sources: of,
});

const HOPPER = 989.4 * WITHOUT_WGMMA;

export const h100Rates: AdapterRates = {
  units: units(
    HOPPER,
    335,
    UNTUNED * HOPPER,
    sources.mmaOnHopper,
    sources.flashAttention2,
    sources.cutlass2OnHopper,
    sources.coopmatOn3090,
  ),
  ...common({ f32: 66.9 * TERA, bandwidth: 3350 * GIGA, share: MEASURED.h100, link: PCIE[5] }),
};

export const a100Rates: AdapterRates = {
  units: units(312, 172.1, UNTUNED * 312, sources.wmmaOnA100, sources.flashAttention2, sources.coopmatOn3090),
  ...common({ f32: 19.5 * TERA, bandwidth: 2039 * GIGA, share: MEASURED.a100, link: PCIE[4] }),
};

export const rtx4090Rates: AdapterRates = {
  units: units(165.2, TUNED * 165.2, UNTUNED * 165.2, sources.wmmaOn4090, sources.coopmatOn3090),
  ...common({ f32: 82.6 * TERA, bandwidth: 1008 * GIGA, share: MEASURED["rtx-4090"], link: PCIE[4] }),
};

export const v100Rates: AdapterRates = {
  units: units(125, 83, UNTUNED * 125, sources.v100Measured, sources.coopmatOn3090),
  ...common({ f32: 15.7 * TERA, bandwidth: 900 * GIGA, link: PCIE[3] }),
};

/** Matrix units of Apple's are its units for f32; an upload is a copy within its memory, which reads and writes. */
export const m2MaxRates: AdapterRates = {
  units: ofPeak(13.6 * TERA, 13.3 / 15.8, 10.64 / 15.8, [sources.matricesOnM4, sources.m4Peak]),
  ...common({ f32: 13.6 * TERA, bandwidth: 400 * GIGA, link: 200 * GIGA }),
};

export const hostRates: HostRates = {
  host: { bound: 2.5 * MICRO, expected: 13 * MICRO, pessimistic: 24 * MICRO, sources: [sources.nullBackend, sources.webgpuPaper] },
  copy: { bound: 6.5 * GIGA, expected: 5.2 * GIGA, pessimistic: 1.2 * GIGA, sources: [sources.uploads] },
};
