/**
 * Colours for numbers around zero: from purple (negative) through almost white to orange (positive), a scheme of ColorBrewer that colour-blind readers can
 * distinguish. Numbers that are not finite are green.
 */
import * as Plot from "@observablehq/plot";

export type Rgb = readonly [red: number, green: number, blue: number];

const STEPS = 127;
export const NOT_FINITE: Rgb = [0, 158, 115];

const scale = Plot.scale({ color: { type: "diverging", scheme: "PuOr", domain: [-1, 1], pivot: 0 } });

function parsed(colour: string): Rgb {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  const parts = hex === null ? (colour.match(/\d+/g) ?? []).map(Number) : hex.slice(1).map((pair) => Number.parseInt(pair, 16));
  const [red = 0, green = 0, blue = 0] = parts;
  return [red, green, blue];
}

const colours: readonly Rgb[] = Array.from({ length: 2 * STEPS + 1 }, (_, i) => parsed(String(scale?.apply((i - STEPS) / STEPS) ?? "")));

/** @param share from −1 to 1; a number outside has the colour of the nearer end */
export function colourOf(share: number): Rgb {
  if (!Number.isFinite(share)) return NOT_FINITE;
  return colours[STEPS + Math.round(STEPS * Math.max(-1, Math.min(1, share)))] ?? NOT_FINITE;
}

export const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;
