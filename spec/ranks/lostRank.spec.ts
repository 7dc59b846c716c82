/** A rank that is stopped or killed while the others wait for it. */
import { expect, it } from "vitest";
import { run, withMpi } from "./mpi.ts";

interface Lost {
  readonly rank: number;
  readonly name: string;
  readonly of: number;
  readonly message: string;
  readonly later: string;
}

withMpi("a rank", (mpirun) => {
  it("that is stopped is named by all others, and the first ends the job with its own status", async () => {
    const job = await run(mpirun, 4, ["stopped", "4"]);
    const heard = job.told.map((line): Lost => JSON.parse(line));
    expect(heard.map(({ rank }) => rank)).toContain(0);
    for (const { name, of, message, later } of heard) {
      expect([name, of]).toEqual(["RankError", 1]);
      expect(message).toMatch(/^rank 1 \(pid \d+ on \S+\) has not answered for 4 s$/);
      expect(later).toBe(message);
    }
    expect(job.status).toBe(7);
    expect(job.seconds).toBeLessThan(60); // the ranks that only wait would take longer
  });

  it("that is killed ends the job", async () => {
    const job = await run(mpirun, 2, ["killed"]);
    expect(job.text).toMatch(/signal 9/);
    expect(job.status).not.toBe(0);
    expect(job.seconds).toBeLessThan(30);
  });
});
