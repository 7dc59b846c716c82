/** Exit statuses of the command line. */

/** The exit status for bad input of any kind. */
export const BAD_INPUT = 2;
