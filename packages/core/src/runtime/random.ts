/** The only source of randomness: seeded in tests, the platform's generator in the daemon. */
export interface Random {
  /** A whole number in [0, below). */
  integer(below: number): number;
  /** A new idempotency token: 32 lower-case hexadecimal digits, never the same twice. */
  token(): string;
}
