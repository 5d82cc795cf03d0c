/**
 * What a caller may do after an error.
 * - `never`: the same call fails again until a person or a configuration changes something.
 * - `later`: the same call may succeed after a while (`retryAfterMs` where the other side named one).
 * - `ask-first`: the outcome is unknown; look at the world (describe) before anything is tried again.
 */
export type RetryClass = "never" | "later" | "ask-first";

interface CodeFacts {
  /** Number in a CNI error result: 1–8, 11, 50, 51 as in the CNI specification 1.1.0 §5, ours from 100. */
  readonly cni: number;
  readonly retry: RetryClass;
  readonly cause: string;
  readonly remedy: string;
}

/** Every error podwire can answer with. `docs/errors.md` is generated from this table. */
export const errorCodes = {
  INCOMPATIBLE_CNI_VERSION: {
    cni: 1,
    retry: "never",
    cause: "the network configuration asks for a CNI version or a verb of a version that podwire does not speak",
    remedy: "set cniVersion to one of the versions listed in the details",
  },
  UNSUPPORTED_FIELD: {
    cni: 2,
    retry: "never",
    cause: "a field of the network configuration or of CNI_ARGS asks for something podwire does not do",
    remedy: "remove the named field, or chain the plugin that implements it",
  },
  INVALID_ENVIRONMENT: {
    cni: 4,
    retry: "never",
    cause: "a CNI_… environment variable is missing or malformed",
    remedy: "the runtime that calls the plugin must set the named variables",
  },
  IO_FAILURE: {
    cni: 5,
    retry: "later",
    cause: "reading standard input, or talking to the daemon over its socket, failed half-way",
    remedy: "look at the daemon's log for the same time; the runtime retries",
  },
  DECODING_FAILURE: {
    cni: 6,
    retry: "never",
    cause: "standard input, or prevResult in it, is not what the CNI specification describes",
    remedy: "correct the named part of the network configuration",
  },
  INVALID_NETWORK_CONFIG: {
    cni: 7,
    retry: "never",
    cause: "the network configuration is JSON but a value in it is missing or wrong",
    remedy: "correct the named field of the network configuration",
  },
  INVALID_NETNS: {
    cni: 8,
    retry: "never",
    cause: "CNI_NETNS is absent from the file system, is no network namespace, or is the host's own",
    remedy: "the runtime must create the pod's network namespace before it calls the plugin",
  },
  DAEMON_UNREACHABLE: {
    cni: 11,
    retry: "later",
    cause: "podwired does not answer on its socket",
    remedy: "start podwired (or look at why it stopped); the runtime retries",
  },
  DAEMON_STARTING: {
    cni: 11,
    retry: "later",
    cause: "podwired has started and does not know yet which addresses the node holds",
    remedy: "wait; STATUS answers success once an ADD can be served",
  },
  POOL_GROWING: {
    cni: 11,
    retry: "later",
    cause: "every address of the pool is in use or cooling down, and more are on their way",
    remedy: "the runtime retries; raise pool.warm if this happens often",
  },
  DEADLINE_EXCEEDED: {
    cni: 11,
    retry: "later",
    cause: "the time the caller gave was over before the work was done; nothing was left behind",
    remedy: "the runtime retries; the details say what was waited for",
  },
  CANCELLED: {
    cni: 11,
    retry: "later",
    cause: "the caller went away, or the daemon is stopping",
    remedy: "the runtime retries",
  },
  NOT_READY: {
    cni: 50,
    retry: "later",
    cause: "an ADD could not be served now",
    remedy: "the details name the reason and its own remedy",
  },
  LIMITED_CONNECTIVITY: {
    cni: 51,
    retry: "later",
    cause: "addresses of running pods are no longer assigned to this node by the cloud",
    remedy: "find out who unassigned them or detached the interface; restart the pods named in the details",
  },
  INVALID_ADDRESS: {
    cni: 100,
    retry: "never",
    cause: "a text that should be an IP address, a CIDR or a MAC address is none",
    remedy: "correct the named value",
  },
  INVALID_DAEMON_CONFIG: {
    cni: 101,
    retry: "never",
    cause: "podwired's configuration has an unknown key or a wrong value",
    remedy: "correct the named key; docs/config.md lists them all",
  },
  SOCKET_TAKEN: {
    cni: 102,
    retry: "never",
    cause: "another podwired runs with the same state directory",
    remedy: "stop the other one, or give this one another directory",
  },
  STORE_FAILED: {
    cni: 103,
    retry: "later",
    cause: "the state file cannot be read or written",
    remedy: "look at free space and permissions of the state directory",
  },
  INTERFACE_EXISTS: {
    cni: 104,
    retry: "never",
    cause: "the pod's namespace already holds an interface of the name CNI_IFNAME that podwire did not make",
    remedy: "remove the interface, or choose another name; podwire did not touch it",
  },
  KERNEL_REFUSED: {
    cni: 105,
    retry: "later",
    cause: "the kernel refused a network operation",
    remedy: "the details carry the operation, the errno and the kernel's own text",
  },
  HOST_UNFIT: {
    cni: 106,
    retry: "never",
    cause: "the node lacks something that podwire needs",
    remedy: "the details name it and how to get it",
  },
  CHECK_FAILED: {
    cni: 107,
    retry: "never",
    cause: "what is in the kernel is not what the attachment's record says",
    remedy: "the details list the differences; recreate the pod",
  },
  POOL_EXHAUSTED: {
    cni: 110,
    retry: "later",
    cause: "the pool has reached its configured maximum and every address is in use or cooling down",
    remedy: "raise pool.maximum, or run fewer pods on the node",
  },
  INTERFACE_LIMIT: {
    cni: 111,
    retry: "later",
    cause: "the instance holds as many interfaces and addresses as its type allows",
    remedy: "use a larger instance type or prefixes, or run fewer pods on the node",
  },
  SUBNET_EXHAUSTED: {
    cni: 112,
    retry: "later",
    cause: "the subnet has no free address",
    remedy: "free addresses in the subnet, or add a subnet",
  },
  SUBNET_FRAGMENTED: {
    cni: 114,
    retry: "later",
    cause: "the subnet has no free prefix of the size asked for, though perhaps single addresses",
    remedy: "reserve a range of the subnet for prefixes (an explicit CIDR reservation), or set prefixes to false",
  },
  ADDRESS_UNAVAILABLE: {
    cni: 113,
    retry: "never",
    cause: "the address asked for is in use, excluded, or not the node's",
    remedy: "ask for another address, or none in particular",
  },
  CLOUD_THROTTLED: {
    cni: 11,
    retry: "later",
    cause: "the cloud's API limits the rate of calls",
    remedy: "podwire backs off by itself; ask for a higher limit if it lasts",
  },
  CLOUD_UNREACHABLE: {
    cni: 11,
    retry: "later",
    cause: "the cloud's API or metadata server cannot be reached, or answers that it is broken",
    remedy: "look at the node's route and security groups to the API endpoint",
  },
  CLOUD_PERMISSION: {
    cni: 120,
    retry: "later",
    cause: "the node's credentials do not allow the call named in the details",
    remedy: "grant the action to the node's role; docs list the minimal policy",
  },
  CLOUD_CREDENTIALS: {
    cni: 121,
    retry: "later",
    cause: "the node has no valid credentials for the cloud",
    remedy: "attach a role to the instance; look at the clock of the node",
  },
  CLOUD_NOT_FOUND: {
    cni: 122,
    retry: "ask-first",
    cause: "the cloud does not know the object the call named (gone, or not visible yet)",
    remedy: "podwire describes the node again by itself",
  },
  CLOUD_CONFLICT: {
    cni: 123,
    retry: "ask-first",
    cause: "the object is in a state, or was changed by somebody else, so that the call cannot be carried out",
    remedy: "podwire describes the node again by itself",
  },
  CLOUD_LIMIT: {
    cni: 124,
    retry: "ask-first",
    cause: "the cloud refuses more of something on this interface, instance or account",
    remedy: "podwire reads the limits again; raise the quota named in the details if it is one",
  },
  CLOUD_REJECTED: {
    cni: 125,
    retry: "never",
    cause: "the cloud refuses the call as invalid",
    remedy: "the details carry the cloud's own code and text; please report it",
  },
  CLOUD_OUTCOME_UNKNOWN: {
    cni: 11,
    retry: "ask-first",
    cause: "the answer of a call that changes something was lost: it may have happened",
    remedy: "podwire describes the node before it tries again",
  },
  NOT_SUPPORTED: {
    cni: 130,
    retry: "never",
    cause: "this adapter, data path or host cannot do what was asked",
    remedy: "look at its capabilities first",
  },
  INTERNAL: {
    cni: 999,
    retry: "later",
    cause: "a defect of podwire",
    remedy: "please report it with the daemon's log",
  },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorCodes;
