import type { FakeRoute } from "./world.ts";

export type RouteFilter = (route: FakeRoute) => boolean;

/**
 * The older of Compute Engine's filter languages, as controllers write it: `(name eq podwire-.*) (network eq URL)`.
 * Values are expressions that must match a whole field, predicates beside each other must all hold. Undefined: none.
 */
export function parseFilter(text: string): RouteFilter | undefined {
  const rest = text.trim();
  if (rest === "") return () => true;
  const predicates = [...rest.matchAll(/\((\w+) (eq|ne) ([^()\s]+)\)|(\w+) (eq|ne) ([^()\s]+)/g)];
  if (predicates.map(([whole]) => whole).join(" ") !== rest) return undefined;
  const tests = predicates.map(([, a, b, c, d, e, f]) => predicateOf(a ?? d ?? "", b ?? e ?? "", c ?? f ?? ""));
  return tests.some((one) => one === undefined) ? undefined : (route) => tests.every((one) => one?.(route));
}

function predicateOf(field: string, verb: string, value: string): RouteFilter | undefined {
  if (!["name", "description", "network", "destRange", "nextHopInstance"].includes(field)) return undefined;
  const pattern = tryPattern(value);
  if (pattern === undefined) return undefined;
  return (route) => pattern.test(String(route[field as keyof FakeRoute] ?? "")) === (verb === "eq");
}

function tryPattern(value: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${value})$`);
  } catch {
    return undefined;
  }
}
