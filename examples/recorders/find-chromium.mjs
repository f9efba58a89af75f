import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brotliDecompressSync } from 'node:zlib';

const installedNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Finds a Chromium: CHROMIUM_PATH, then an installed one, then the one in the npm package.
 * @param {string} workDir an empty folder of this run; the packaged browser is unpacked below it
 * @returns {Promise<{ executablePath: string, env: Record<string, string> }>} the program and its environment
 */
export async function findChromium(workDir) {
  const env = { ...process.env, LANG: 'en_US.UTF-8', TZ: 'UTC' };
  const executablePath = process.env.CHROMIUM_PATH ?? installed();
  return executablePath ? { executablePath, env } : unpacked(workDir, env);
}

function installed() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => installedNames.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Unpacks the packaged browser by hand: the package's own `executablePath()` writes one fixed file, over
 * which two runs fall, and leaves out the nss libraries that a bare machine lacks. Its `args` are never
 * used: they switch web security off.
 */
async function unpacked(workDir, env) {
  const require = createRequire(import.meta.url);
  const packed = join(dirname(require.resolve('@sparticuz/chromium')), '..', '..', 'bin');
  const home = join(workDir, 'chromium');
  await mkdir(home, { recursive: true });
  const executablePath = join(home, 'chromium');
  await writeFile(executablePath, brotliDecompressSync(await readFile(join(packed, 'chromium.br'))));
  await chmod(executablePath, 0o755);
  for (const archive of ['al2023.tar.br', 'swiftshader.tar.br']) await untar(join(packed, archive), home);
  await writeFile(join(home, 'fonts.conf'), fontsConf(dirname(require.resolve('dejavu-fonts-ttf/package.json')), home));
  return {
    executablePath,
    env: { ...env, LD_LIBRARY_PATH: join(home, 'lib'), FONTCONFIG_FILE: join(home, 'fonts.conf') },
  };
}

async function untar(archive, into) {
  const { extract } = await import('tar-fs');
  await pipeline(Readable.from([brotliDecompressSync(await readFile(archive))]), extract(into));
}

/** Without a font the text of the page stays blank, and its layout is wrong. */
const fontsConf = (fontsDir, cacheDir) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${fontsDir}</dir><cachedir>${cacheDir}</cachedir></fontconfig>
`;

/** What the browser calls itself, for the line that says what made the recording. */
export function versionOf({ executablePath, env }) {
  return execFileSync(executablePath, ['--version'], { env, stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim();
}
