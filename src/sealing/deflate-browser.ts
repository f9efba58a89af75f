import { deflateSync } from 'fflate';

/** As deflate.ts, where there is no zlib. Other bytes than zlib's, and the same format. */
export const deflate = (bytes: Uint8Array): Uint8Array => deflateSync(bytes, { level: 4 });
