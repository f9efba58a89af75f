/** What a bundle says of itself, first thing. */
export interface About {
  readonly origin: string;
  readonly logKey: string;
  /** Hex, SHA-256 of trust.json. */
  readonly trust: string;
  readonly incident: string;
  readonly size: number;
  readonly completeFrom: number;
  readonly entries: number;
}
