/** The SHA-256 of arrays of numbers, in hexadecimal digits. It is equal only if all numbers are bitwise identical. */
export async function digestOf(arrays: readonly ArrayLike<number>[]): Promise<string> {
  const bytes = await new Blob(arrays.map((numbers) => Float64Array.from(numbers))).arrayBuffer();
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
