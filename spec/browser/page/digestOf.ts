/** Numbers down to the last bit, as one number: their SHA-256, in hexadecimal digits. */
export async function digestOf(arrays: readonly ArrayLike<number>[]): Promise<string> {
  const bytes = await new Blob(arrays.map((numbers) => Float64Array.from(numbers))).arrayBuffer();
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
