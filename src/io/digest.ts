/** Digests: equal content, equal text. */
import { createHash } from "node:crypto";

/** SHA-256, in hexadecimal. */
export const digestOf = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** JSON whose keys are in one order, whatever the order they were set in. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join(",")}}`;
}

/** The digest of plain data: records, lists, texts, numbers. */
export const digestOfRecord = (value: unknown): string => digestOf(canonical(value));
