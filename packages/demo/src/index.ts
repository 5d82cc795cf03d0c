export { type DemoSurroundings, runDemo } from "./demo.ts";
