/** The clocks of the benches. */

/** Milliseconds since some fixed moment. */
export type Clock = () => number;

/**
 * Processor time of this process, which other processes on a loaded machine do not add to. It includes the runtime's own threads, but they are
 * busy only until code is compiled. Some systems count it in steps of up to 10 ms, so it cannot time anything short.
 */
const processorTime: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000; // from microseconds
};

export const wallTime: Clock = () => performance.now();

/** Processor time for one thread. For several it would be the sum over the threads, so wall-clock time is used. */
export const clockOf = (threads: number): Clock => (threads === 1 ? processorTime : wallTime);
