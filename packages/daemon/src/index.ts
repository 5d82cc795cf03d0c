export { type Environment, readConfig } from "./config-file.ts";
export { type DaemonOptions, type DaemonPorts, runDaemon, type WiredNode } from "./daemon.ts";
export { createJsonLogger } from "./runtime/json-logger.ts";
export { type LogOutput, openStandardError } from "./runtime/standard-error.ts";
export { systemClock } from "./runtime/system-clock.ts";
export { systemRandom } from "./runtime/system-random.ts";
export { openStateFile, type SetAside, type StateFile, type StateFileOptions } from "./store/state-file.ts";
export { wireNode } from "./wiring.ts";
