/** Command lines that a user can paste into a shell. */

/** Quotes a text as one word of a shell. */
export const shellWord = (text: string): string => (/^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

/** The command line of this process, with further arguments that it does not have yet. */
export function thisCommand(...more: readonly string[]): string {
  const args = process.argv.slice(2);
  return ["deit", ...args, ...more.filter((arg) => !args.includes(arg))].map(shellWord).join(" ");
}
