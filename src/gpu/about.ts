/** What can be told of an adapter, as plain data. */
import { listAdapters, openAdapter, type Listed } from "./adapter.ts";
import type { DawnOptions } from "./dawn.ts";
import { featureNames, limitNames } from "./request.ts";

export interface AboutAdapter extends Listed {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  /** Of the driver. */
  readonly description: string;
  /** It computes on the processor. */
  readonly software: boolean;
  /** Sizes in bytes. */
  readonly limits: Readonly<Record<string, number>>;
  /** Those that an engine could use. */
  readonly features: readonly string[];
}

export interface About {
  readonly adapter: AboutAdapter;
  /** All that can be chosen. */
  readonly adapters: readonly Listed[];
}

/** Beside those that may be raised. */
const FIXED = ["maxComputeWorkgroupsPerDimension", "minStorageBufferOffsetAlignment"] as const;

/**
 * The adapter that would be taken.
 *
 * @throws RangeError that says what is needed
 */
export async function aboutAdapter(options: DawnOptions): Promise<About> {
  const { adapter } = await openAdapter(options);
  const { info, limits, features } = adapter;
  const adapters = await listAdapters();
  const chosen = adapters.find(
    ({ name, backend }) => options.adapter === null || options.adapter === backend || name.includes(options.adapter),
  );
  const { vendor, architecture, device, description, isFallbackAdapter: software } = info;
  return {
    adapters,
    adapter: {
      name: chosen?.name ?? device,
      backend: chosen?.backend ?? "",
      vendor,
      architecture,
      device,
      description,
      software,
      limits: Object.fromEntries([...limitNames, ...FIXED].map((name) => [name, limits[name]])),
      features: featureNames.filter((name) => features.has(name)),
    },
  };
}
