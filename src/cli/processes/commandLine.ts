/** Command lines to be typed again, as a shell takes them. */

/** As one word of a shell. */
export const shellWord = (text: string): string => (/^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

/** The command that runs, and further arguments unless it has them. */
export function thisCommand(...more: readonly string[]): string {
  const args = process.argv.slice(2);
  return ["deit", ...args, ...more.filter((arg) => !args.includes(arg))].map(shellWord).join(" ");
}
