/** Starts to build the site when a run of the specs begins, so that it is there when the first of them needs it. */
import { startBuild } from "./built.ts";

export default startBuild;
