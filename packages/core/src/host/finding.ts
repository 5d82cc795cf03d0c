/** Something about the node that a person should know, with what to do about it. */
export interface Finding {
  /** `fatal`: podwire does not work until it is mended. `warning`: some traffic may suffer. */
  readonly severity: "fatal" | "warning";
  /** Short stable name: `nft-missing`, `forward-policy-drop`. */
  readonly id: string;
  readonly message: string;
  readonly remedy: string;
}
