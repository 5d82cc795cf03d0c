import {
  type Address,
  type AttachmentFacts,
  type AttachmentKey,
  type AttachmentSpec,
  type CancelSignal,
  type Cidr,
  containsAddress,
  type Drift,
  type Finding,
  type FoundAttachment,
  familyOf,
  formatAttachmentKey,
  type HostCapabilities,
  type HostEvent,
  type HostInterface,
  type HostNetwork,
  type NetnsRef,
  type NodeNetwork,
  PodwireError,
  parseAddress,
  parseCidr,
  parseMac,
  quoteValue,
  type Repair,
} from "@podwire/core";
import { MemoryEvents } from "./memory-events.ts";

/** Where an operation of the double can be made to fail: nothing done yet, or everything done. */
export interface HostFault {
  readonly operation: "attach" | "detach" | "converge";
  readonly when: "before" | "after";
}

export interface MemoryHostOptions {
  readonly capabilities?: Partial<HostCapabilities>;
  /** Interfaces of the host's own namespace, as the operating system made them. */
  readonly interfaces?: readonly HostInterface[];
}

interface Attached {
  readonly spec: AttachmentSpec;
  readonly facts: AttachmentFacts;
  /** What somebody broke of it, by what it is and where. */
  readonly damages: Set<MemoryDamage>;
}

interface PodNamespace {
  readonly cookie: string;
  /** Interfaces of the pod that somebody else made. */
  readonly foreign: Set<string>;
}

/** `link` on the node: the whole attachment is gone from the kernel. */
export interface MemoryDamage {
  readonly side: "node" | "pod";
  readonly object: Drift["object"];
}

/** The path of the host's own namespace in the double. */
export const hostNetnsPath = "/proc/1/ns/net";

/** A kernel in memory behind the host port. Namespaces are data; everything can be looked at and broken. */
export class MemoryHost implements HostNetwork {
  readonly capabilities: HostCapabilities;
  /** Desired states in the order they were asked for. */
  readonly converged: NodeNetwork[] = [];
  readonly #interfaces: readonly HostInterface[];
  readonly #namespaces = new Map<string, PodNamespace>();
  readonly #attached = new Map<string, Attached>();
  readonly #events = new MemoryEvents();
  /** One for each key that was ever attached, so that its facts are the same in every life. */
  readonly #numbers = new Map<string, number>();
  /** The part of the last desired state that is not about attachments. */
  #node = "";
  #faults: HostFault[] = [];
  #made = 0;
  #holds: (() => void)[] | undefined;

  constructor(options: MemoryHostOptions = {}) {
    this.capabilities = { datapaths: ["veth"], families: [4, 6], ...options.capabilities };
    this.#interfaces = options.interfaces ?? [];
  }

  /** A new pod namespace; at a known path it replaces the old one, as after a reboot of the pod. */
  addNamespace(path: string, foreignInterfaces: readonly string[] = []): void {
    this.#namespaces.set(path, { cookie: `${++this.#made}`, foreign: new Set(foreignInterfaces) });
  }

  hasNamespace(path: string): boolean {
    return this.#namespaces.has(path);
  }

  /** The namespace dies, and the links in it with it. */
  removeNamespace(path: string): void {
    this.#namespaces.delete(path);
    for (const { spec } of this.#attached.values()) if (spec.netns.path === path) this.#drop(spec.key);
  }

  /** Somebody makes an interface in the pod. */
  addForeignInterface(path: string, ifName: string): void {
    this.#namespace(path).foreign.add(ifName);
  }

  /** Somebody removes the link behind podwire's back. */
  breakAttachment(key: AttachmentKey): void {
    this.damage(key, { side: "node", object: "link" });
  }

  /** Somebody breaks a part of the attachment. */
  damage(key: AttachmentKey, damage: MemoryDamage): void {
    if (damage.side === "node" && damage.object === "link") this.#drop(key);
    else this.#attached.get(formatAttachmentKey(key))?.damages.add(damage);
  }

  /** The next operation of that kind fails once. */
  failNext(fault: HostFault): void {
    this.#faults.push(fault);
  }

  /** From now on `attach` waits until the returned function is called. */
  holdAttach(): () => void {
    const waiting: (() => void)[] = [];
    this.#holds = waiting;
    return () => {
      this.#holds = undefined;
      for (const go of waiting) go();
    };
  }

  /** Everything it holds: equal texts, equal kernels. */
  snapshot(): string {
    const namespaces = [...this.#namespaces].map(([path, { foreign }]) => [path, ...foreign]);
    const attached = [...this.#attached.values()].map(({ damages, ...rest }) => ({ ...rest, damages: [...damages] }));
    return JSON.stringify({ node: this.#node, namespaces, attached }, undefined, 1);
  }

  async preflight(): Promise<readonly Finding[]> {
    return [];
  }

  async openNetns(path: string): Promise<NetnsRef> {
    return { path, cookie: this.#namespace(path).cookie };
  }

  async attach(spec: AttachmentSpec, signal: CancelSignal): Promise<AttachmentFacts> {
    this.#mustSupport(spec);
    this.#failIfAsked("attach", "before");
    await this.#hold();
    const namespace = this.#namespace(spec.netns.path);
    if (namespace.cookie !== spec.netns.cookie) throw invalidNetns(spec.netns.path, "is another one than it was");
    this.#mustBeFree(spec, namespace);
    if (signal.aborted) throw cancelled(`attach ${formatAttachmentKey(spec.key)}`);
    this.#failIfAsked("attach", "after");
    return this.#make(spec);
  }

  async detach(key: AttachmentKey): Promise<void> {
    this.#failIfAsked("detach", "before");
    this.#drop(key);
    this.#failIfAsked("detach", "after");
  }

  async inspect(spec: AttachmentSpec): Promise<readonly Drift[]> {
    const found = this.#attached.get(formatAttachmentKey(spec.key));
    if (found === undefined) return [{ object: "link", expected: spec.key.ifName }];
    return [...found.damages].map(({ side, object }) => ({ object, expected: `${object} of ${side}` }));
  }

  async attachments(): Promise<readonly FoundAttachment[]> {
    return [...this.#attached.values()].map(({ spec, facts }) => ({
      key: spec.key,
      hostIfName: facts.hostIfName,
      addresses: spec.addresses.map(({ address }) => address),
    }));
  }

  async addressesInUse(within: readonly Cidr[]): Promise<ReadonlyMap<Address, NetnsRef>> {
    const used = new Map<Address, NetnsRef>();
    for (const { spec } of this.#attached.values()) {
      for (const { address } of spec.addresses) {
        if (within.some((cidr) => containsAddress(cidr, address))) used.set(address, spec.netns);
      }
    }
    return used;
  }

  async converge(desired: NodeNetwork, signal: CancelSignal): Promise<readonly Repair[]> {
    this.#failIfAsked("converge", "before");
    if (signal.aborted) throw cancelled("converge");
    this.converged.push(desired);
    const repairs = [...this.#convergeNode(desired), ...desired.attachments.flatMap((one) => this.#mend(one))];
    this.#failIfAsked("converge", "after");
    return repairs;
  }

  async interfaces(): Promise<readonly HostInterface[]> {
    return this.#interfaces;
  }

  events(signal: CancelSignal): AsyncIterable<HostEvent> {
    return this.#events.read(signal);
  }

  /** Interfaces that are not there are passed over, as the kernel's are. */
  #convergeNode({ attachments: _, ...node }: NodeNetwork): Repair[] {
    const present = node.interfaces.filter(({ mac }) => this.#interfaces.some((one) => one.mac === mac));
    const wanted = JSON.stringify({ ...node, interfaces: present });
    if (wanted === this.#node) return [];
    this.#node = wanted;
    return [{ object: "nft", description: "table inet podwire replaced" }];
  }

  #mend({ spec, facts }: NodeNetwork["attachments"][number]): Repair[] {
    const known = this.#attached.get(formatAttachmentKey(spec.key));
    if (known === undefined) {
      if (this.#namespaces.get(spec.netns.path)?.cookie !== spec.netns.cookie) return [];
      this.#make(spec);
      return [{ object: "link", description: `link ${facts.hostIfName}` }];
    }
    const broken = [...known.damages].filter(({ side }) => side === "node");
    for (const damage of broken) known.damages.delete(damage);
    return broken.map(({ object }) => ({ object, description: `${object} of ${facts.hostIfName}` }));
  }

  #make(spec: AttachmentSpec): AttachmentFacts {
    const name = formatAttachmentKey(spec.key);
    const number = this.#numbers.get(name) ?? this.#numbers.size + 1;
    this.#numbers.set(name, number);
    const facts = factsOf(spec, number);
    this.#attached.set(name, { spec, facts, damages: new Set() });
    this.#events.push({ kind: "link", ifName: facts.hostIfName, mac: facts.hostMac, change: "changed" });
    return facts;
  }

  #drop(key: AttachmentKey): void {
    const name = formatAttachmentKey(key);
    const known = this.#attached.get(name);
    if (known === undefined) return;
    this.#attached.delete(name);
    const { hostIfName, hostMac } = known.facts;
    this.#events.push({ kind: "link", ifName: hostIfName, mac: hostMac, change: "deleted" });
  }

  #namespace(path: string): PodNamespace {
    const namespace = this.#namespaces.get(path);
    if (path === hostNetnsPath) throw invalidNetns(path, "is the host's own");
    if (namespace === undefined) throw invalidNetns(path, "does not exist");
    return namespace;
  }

  #mustSupport({ datapath, addresses }: AttachmentSpec): void {
    const families = addresses.map(({ address }) => familyOf(address));
    const { capabilities } = this;
    if (
      capabilities.datapaths.includes(datapath) &&
      families.every((family) => capabilities.families.includes(family))
    ) {
      return;
    }
    throw new PodwireError(
      "NOT_SUPPORTED",
      `this host has no data path ${datapath} for IPv${families.join(" and IPv")}`,
    );
  }

  #mustBeFree(spec: AttachmentSpec, namespace: PodNamespace): void {
    const { ifName } = spec.key;
    const own = formatAttachmentKey(spec.key);
    const taken = [...this.#attached.values()].some(
      (other) =>
        other.spec.netns.cookie === spec.netns.cookie &&
        other.spec.key.ifName === ifName &&
        formatAttachmentKey(other.spec.key) !== own,
    );
    if (!taken && !namespace.foreign.has(ifName)) return;
    throw new PodwireError("INTERFACE_EXISTS", `${spec.netns.path} has an interface ${ifName} already`, {
      field: "CNI_IFNAME",
      value: quoteValue(ifName),
    });
  }

  #failIfAsked(operation: HostFault["operation"], when: HostFault["when"]): void {
    const index = this.#faults.findIndex((fault) => fault.operation === operation && fault.when === when);
    if (index < 0) return;
    this.#faults.splice(index, 1);
    throw new PodwireError("KERNEL_REFUSED", `${operation} was refused, as a test asked for`, { details: "EBUSY" });
  }

  #hold(): Promise<void> | undefined {
    const waiting = this.#holds;
    return waiting === undefined ? undefined : new Promise((resolve) => waiting.push(resolve));
  }
}

function cancelled(op: string): PodwireError {
  return new PodwireError("CANCELLED", `${op} was cancelled`, { op });
}

function invalidNetns(path: string, why: string): PodwireError {
  return new PodwireError("INVALID_NETNS", `CNI_NETNS ${quoteValue(path)} ${why}`, {
    field: "CNI_NETNS",
    value: quoteValue(path),
  });
}

function factsOf(spec: AttachmentSpec, number: number): AttachmentFacts {
  const end = (side: number) => parseMac(`02:00:00:${pair(side)}:${pair(number >> 8)}:${pair(number & 255)}`);
  const routes = spec.addresses.map(({ address }) =>
    familyOf(address) === 4
      ? { destination: parseCidr("0.0.0.0/0"), gateway: parseAddress("169.254.1.1") }
      : { destination: parseCidr("::/0"), gateway: parseAddress("fe80::1") },
  );
  return {
    hostIfName: `pw${number}`,
    hostMac: end(1),
    podMac: spec.mac ?? end(2),
    routes,
    mtuBytes: spec.mtuBytes,
  };
}

function pair(value: number): string {
  return value.toString(16).padStart(2, "0");
}
