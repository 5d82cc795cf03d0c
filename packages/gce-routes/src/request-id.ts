import { createHash } from "node:crypto";

/**
 * The id by which Compute Engine knows a request again, a UUID. The same token and step give the same id: what is sent
 * twice happens once. A change that is made anew after a refusal is another step, for the refusal would come again.
 */
export function requestIdOf(token: string, step: string): string {
  const hex = createHash("sha256").update(`${token} ${step}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
