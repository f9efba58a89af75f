interface WithColumns {
  readonly columns?: readonly { readonly sealed: Uint8Array }[];
}

/** What waits for the head is bounded by these too. */
export const sealedBytesOf = (some: readonly WithColumns[] = []): number =>
  some.reduce((sum, { columns = [] }) => columns.reduce((all, { sealed }) => all + sealed.length, sum), 0);
