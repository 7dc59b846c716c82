/** What is known of an adapter, as plain data. */
import { listAdapters, namedAdapter, openAdapter, type Listed as ListedAdapter } from "./adapter.ts";
import type { DawnOptions } from "./dawn.ts";
import { featureNames, limitNames } from "./request.ts";

export interface AboutAdapter extends ListedAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  /** From the driver. */
  readonly description: string;
  /** Whether it is a software adapter, which runs on the processor. */
  readonly software: boolean;
  /** Sizes in bytes. */
  readonly limits: Readonly<Record<string, number>>;
  /** Those that the engine can use. */
  readonly features: readonly string[];
}

export interface About {
  readonly adapter: AboutAdapter;
  /** All adapters that can be chosen. */
  readonly adapters: readonly ListedAdapter[];
}

/** Limits that are reported but cannot be requested. */
const FIXED = ["maxComputeWorkgroupsPerDimension", "minStorageBufferOffsetAlignment"] as const;

/**
 * The adapter that these options choose.
 *
 * @throws RangeError that says what is missing
 */
export async function aboutAdapter(asked: DawnOptions): Promise<About> {
  const options = await namedAdapter(asked);
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
