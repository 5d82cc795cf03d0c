export { decodeFrame, encodeFrame, type Frame } from "./frame.ts";
export { protocol } from "./protocol.ts";
