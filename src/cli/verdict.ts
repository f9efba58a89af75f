/** What `custos verify` answers, whatever it was given to check. */
export interface Verdict {
  readonly ok: boolean;
  readonly entries: number;
  readonly bodies: number;
  readonly checkpoints: number;
  readonly problems: readonly { readonly position: number; readonly check: string }[];
}
