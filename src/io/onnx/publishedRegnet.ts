/** Recognises a published RegNetY by its tensors, since files of torch.save and of timm hold nothing but names and shapes. */
import { regnetConfig, regnetNames, type RegnetConfig } from "../../teacher/config.ts";
import { regnetShapes } from "../../teacher/params.ts";
import { show, type Shape } from "../../tensor/tensor.ts";

type Shaped = ReadonlyMap<string, { readonly shape: Shape }>;

const same = (shapes: Shaped, tensors: Shaped): boolean =>
  shapes.size === tensors.size && [...shapes].every(([name, { shape }]) => show(tensors.get(name)?.shape ?? [-1]) === show(shape));

/** The published configuration with exactly these parameters and buffers, and as many classes as the head has; null if there is none. */
export function publishedRegnet(tensors: Shaped): RegnetConfig | null {
  const classes = tensors.get("head.fc.bias")?.shape[0];
  if (classes === undefined || classes === 0) return null;
  const sizes = regnetNames.map((name) => regnetConfig(name, { classes }));
  return sizes.find((config) => same(regnetShapes(config), tensors)) ?? null;
}
