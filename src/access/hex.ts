/** Lower case, as hashes stand in signed statements and in answers. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
