/** What time is taken with. */

/** Milliseconds since some moment. */
export type Clock = () => number;

/**
 * Processor time of this process: what else runs on the cores does not count. It also has that of the runtime's own threads, which are busy
 * only until code is compiled. Some systems count it in steps of up to 10 ms, so nothing short is timed by it.
 */
const processorTime: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000; // from microseconds
};

export const wallTime: Clock = () => performance.now();

/** With several threads processor time is the sum of all their times, which is not what one waits for. */
export const clockOf = (threads: number): Clock => (threads === 1 ? processorTime : wallTime);
