export { openStateFile, type SetAside, type StateFile, type StateFileOptions } from "./store/state-file.ts";
