/** A document of JSON that goes to the client. */
export type ArmAnswerDocument = Readonly<Record<string, unknown>>;

/** An answer before it is bytes. Header names are lower-case. */
export interface FakeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly document: ArmAnswerDocument | undefined;
}
