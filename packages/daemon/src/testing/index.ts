export { type PodwiredOptions, type PodwiredProcess, startPodwired } from "./podwired-process.ts";
