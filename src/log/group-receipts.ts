import type { Group } from './insert-group.js';
import { formatReceipt } from './receipt.js';

/**
 * Makes the receipts of positions: of those that this group wrote out of memory, of others as they are stored. What is
 * kept until the last caller lets go are the group's headers and hashes, and no body.
 */
export function groupReceipts(
  group: Group | undefined,
  stored: (position: number) => Promise<string>,
): (positions: readonly number[]) => Promise<string[]> {
  if (group === undefined) return (positions) => Promise.all(positions.map(stored));
  const { from, tree, checkpoint } = group;
  const headers = group.placed.map(({ header }) => header);
  return (positions) =>
    Promise.all(
      positions.map(async (index) => {
        const header = headers[index - from];
        if (header === undefined) return stored(index);
        return formatReceipt({ index, proof: tree.inclusionProof(index), checkpoint, header });
      }),
    );
}
