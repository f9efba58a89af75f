import sodium from 'libsodium-wrappers';

let loaded = false;

/** To be awaited once, before anything here is called: libsodium is WebAssembly, and compiles first. */
export async function sodiumReady(): Promise<void> {
  await sodium.ready;
  loaded = true;
}

/** The library, for this folder only. @throws Error if `sodiumReady` was not awaited. */
export function libsodium(): typeof sodium {
  if (!loaded) throw new Error('libsodium is not loaded: await sodiumReady() first');
  return sodium;
}
