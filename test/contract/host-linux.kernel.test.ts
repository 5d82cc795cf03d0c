import { hostContract } from "@podwire/testkit";
import { describe, test } from "vitest";
import { linuxDamages } from "./linux-damages.ts";
import { createLinuxPlace } from "./linux-place.ts";

describe("the Linux host keeps the contract of HostNetwork", () => {
  hostContract({ test, createPlace: createLinuxPlace, damages: linuxDamages });
});
