/** The 1000 classes of ImageNet-1k (fixtures/imagenet), in the order of a network's outputs. */
import { readFileSync } from "node:fs";
import { imageNetClassesIn, type ImageNetClass } from "./imagenetClasses.ts";

/** The same file, seen from src/ and from dist/. */
const FILE = new URL("../../../fixtures/imagenet/classes.txt", import.meta.url);

/** Reads the 1000 classes. */
export const imageNetClasses = (): readonly ImageNetClass[] => imageNetClassesIn(readFileSync(FILE, "utf8"));
