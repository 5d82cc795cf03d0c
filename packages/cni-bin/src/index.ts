export { type BuildOptions, type BuiltClient, buildClient } from "./build.ts";
