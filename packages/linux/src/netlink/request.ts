import { PodwireError } from "@podwire/core";
import type { Acknowledgement } from "./message.ts";

/** One change or question for the kernel, ready to be sent; made by the functions of link.ts, addr.ts and so on. */
export interface NetlinkRequest {
  readonly type: number;
  /** Beside `request` and `ack`, which every request carries. */
  readonly flags: number;
  readonly body: Buffer;
  /** As `ip` would be told: `route replace 10.0.0.1/32 dev pw0 table 7700`. */
  readonly description: string;
  /** Refusals that mean success, such as the absence of what is to be deleted. */
  readonly tolerated: readonly string[];
}

/** What the kernel says when the object of a deletion, or the link it is on, is not there. */
export const absence: readonly string[] = ["ENOENT", "ESRCH", "ENODEV", "ENXIO", "EADDRNOTAVAIL"];

/** Whether the request did what it should; a tolerated refusal did. */
export function isRefused(request: NetlinkRequest, answer: Acknowledgement): boolean {
  return answer.errno !== undefined && !request.tolerated.includes(answer.errno);
}

export function refusal(request: NetlinkRequest, answer: Acknowledgement): PodwireError {
  const reason = answer.text === undefined ? `${answer.errno}` : `${answer.errno}: ${answer.text}`;
  return new PodwireError("KERNEL_REFUSED", `the kernel refused ip ${request.description} (${reason})`, {
    op: `ip ${request.description}`,
    details: reason,
  });
}
