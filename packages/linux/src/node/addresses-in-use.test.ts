import { expect, test } from "vitest";
import { mountedNetnsPaths } from "./addresses-in-use.ts";

test("network namespaces are found among the mounts, wherever they are", () => {
  const mountinfo = [
    "25 30 0:23 / /proc rw,nosuid shared:14 - proc proc rw",
    "300 31 0:4 net:[4026532201] /run/netns/cni-1 rw shared:150 - nsfs nsfs rw",
    "301 31 0:4 net:[4026532202] /var/run/my\\040pods/a rw shared:151 - nsfs nsfs rw",
    "302 31 0:4 mnt:[4026532203] /run/mnt/x rw shared:152 - nsfs nsfs rw",
    "303 31 0:5 net:[1] /data/strange rw - ext4 /dev/sda1 rw",
    "",
  ].join("\n");
  expect(mountedNetnsPaths(mountinfo)).toEqual(["/run/netns/cni-1", "/var/run/my pods/a"]);
});
