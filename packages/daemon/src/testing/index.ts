export { type PodwiredOptions, type PodwiredProcess, podwiredProgram, startPodwired } from "./podwired-process.ts";
