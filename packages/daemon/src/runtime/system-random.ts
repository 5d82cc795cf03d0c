import { randomBytes, randomInt } from "node:crypto";
import type { Random } from "@podwire/core";

/** The platform's generator. */
export const systemRandom: Random = {
  integer: (below) => (below <= 1 ? 0 : randomInt(below)),
  token: () => randomBytes(16).toString("hex"),
};
