import { unzipSync, zipSync } from 'fflate';

export interface BundleFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Zip keeps a local time without a zone: made of local parts, it is the same in every one. */
const sameTime = new Date(1980, 0, 1, 12);
/** Nothing is compressed: another version of a library may compress otherwise, and another tool need not unpack. */
const options = { level: 0, mtime: sameTime } as const;

/** The same files in the same order give the same bytes. */
export const packArchive = (files: readonly BundleFile[]): Uint8Array =>
  zipSync(Object.fromEntries(files.map(({ name, bytes }) => [name, bytes])), options);

/** Undefined unless these are the very bytes that `packArchive` gives: whatever else a zip can hold, no reader sees. */
export function unpackArchive(archive: Uint8Array): BundleFile[] | undefined {
  try {
    let bytes = 0;
    const isWithin = (size: number) => (bytes += size) <= archive.length;
    // Several names may share one place in a zip: what is more than the archive would be copied, and only then refused.
    const found = unzipSync(archive, { filter: ({ compression, size }) => compression === 0 && isWithin(size) });
    const files = Object.entries(found).map(([name, bytes]) => ({ name, bytes }));
    return Buffer.compare(packArchive(files), archive) === 0 ? files : undefined;
  } catch {
    return undefined;
  }
}
