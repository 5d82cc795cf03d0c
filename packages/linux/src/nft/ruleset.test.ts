import { type Cidr, parseAddress, parseCidr } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { type Ruleset, renderRuleset } from "./ruleset.ts";

const cidrs = (...texts: string[]): Cidr[] => texts.map((text) => parseCidr(text));

const sample: Ruleset = {
  markMask: 0x7f,
  interfaces: [
    { ifName: "eth0", role: "primary", ordinal: 1, mark: 1, blocks: cidrs("10.0.1.16/28", "2001:db8:0:0:1::/80") },
    { ifName: "eth1", role: "secondary", ordinal: 2, mark: 2, blocks: cidrs("10.0.1.5/32") },
  ],
  vpcCidrs: cidrs("10.0.0.0/16", "2001:db8::/56"),
  egress: { nat: "node", excludedCidrs: cidrs("10.0.7.0/24", "192.0.2.0/24"), podMetadataAccess: false },
  primary: { ifName: "eth0", address: parseAddress("10.0.0.10") },
};

test("the table is replaced as a whole", () => {
  expect(renderRuleset(sample)).toBe(`table inet podwire
delete table inet podwire
table inet podwire {
	set untranslated4 {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/16, 192.0.2.0/24 }
	}

	map blocks4 {
		type ipv4_addr : verdict
		flags interval
		elements = { 10.0.1.5/32 : goto interface_2, 10.0.1.16/28 : goto interface_1 }
	}

	map blocks6 {
		type ipv6_addr : verdict
		flags interval
		elements = { 2001:db8:0:0:1::/80 : goto interface_1 }
	}

	chain antispoofing {
		type filter hook prerouting priority raw; policy accept;
		iifname "pw*" fib saddr . iif oif missing counter drop
	}

	chain marks {
		type filter hook prerouting priority -90; policy accept;
		iifname "eth0" ct direction original ct mark set ct mark and 0xffffff80 or 0x1
		iifname "eth1" ct direction original ct mark set ct mark and 0xffffff80 or 0x2
		ct status dnat ct direction reply ct mark and 0x7f vmap { 0x2 : goto interface_2 }
		iifname "pw*" ct direction reply ct mark and 0x7f vmap { 0x1 : goto interface_1, 0x2 : goto interface_2 }
		iifname "pw*" ip daddr @untranslated4 ip saddr vmap @blocks4
		iifname "pw*" ip6 saddr vmap @blocks6
	}

	chain answers {
		type route hook output priority -90; policy accept;
		ct status dnat ct direction reply ct mark and 0x7f vmap { 0x2 : goto interface_2 }
	}

	chain interface_1 {
		meta mark set meta mark and 0xffffff80 or 0x1
	}

	chain interface_2 {
		meta mark set meta mark and 0xffffff80 or 0x2
	}

	chain metadata {
		type filter hook forward priority filter; policy accept;
		iifname "pw*" ip daddr 169.254.169.254 counter reject with icmpx type admin-prohibited
		iifname "pw*" ip6 daddr fd00:ec2::254 counter reject with icmpx type admin-prohibited
	}

	chain translation {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "pw*" oifname "eth0" ip daddr != @untranslated4 snat ip to 10.0.0.10
	}
}
`);
});

describe("what is not wanted is not there", () => {
  const { primary: _, ...withoutPrimary } = sample;
  const primaryOnly = { ifName: "eth0", role: "primary", ordinal: 1, mark: 1, blocks: [] } as const;
  const rows: [string, Ruleset, string][] = [
    ["translation with external NAT", { ...sample, egress: { ...sample.egress, nat: "external" } }, "snat"],
    ["translation while the primary interface is unknown", withoutPrimary, "snat"],
    ["the metadata rule", { ...sample, egress: { ...sample.egress, podMetadataAccess: true } }, "169.254.169.254"],
    ["marks of replies without interfaces", { ...sample, interfaces: [] }, "vmap {"],
    ["answers of the node without secondary interfaces", { ...sample, interfaces: [primaryOnly] }, "chain answers"],
    ["an empty list of elements", { ...sample, interfaces: [], vpcCidrs: [] }, "elements = {  }"],
  ];
  test.each(rows)("%s", (_what, ruleset, text) => expect(renderRuleset(ruleset)).not.toContain(text));
});

test("with external NAT every IPv4 packet of a pod leaves by the interface of its block", () => {
  const text = renderRuleset({ ...sample, egress: { ...sample.egress, nat: "external" } });
  expect(text).toContain('\t\tiifname "pw*" ip saddr vmap @blocks4\n');
});

test("a mask elsewhere keeps all other bits", () => {
  const text = renderRuleset({
    ...sample,
    markMask: 0x7f000000,
    interfaces: [{ ...sample.interfaces[0], mark: 0x1000000 }] as Ruleset["interfaces"],
  });
  expect(text).toContain("ct mark and 0x80ffffff or 0x1000000");
  expect(text).toContain("ct mark and 0x7f000000 vmap { 0x1000000 : goto interface_1 }");
});

test.each(['e"; flush ruleset; #', "eth*", "e\n0", "", "a b"])(
  "an interface named %j cannot steer the rules",
  (ifName) => {
    const hostile = { ...sample, interfaces: [{ ifName, role: "primary" as const, ordinal: 1, mark: 1, blocks: [] }] };
    expect(() => renderRuleset(hostile)).toThrow(expect.objectContaining({ code: "NOT_SUPPORTED" }));
  },
);
