import { readFile } from 'node:fs/promises';
import { examplesDir } from './canaries.mjs';

export const origin = 'https://lantern-room.example';

/** What Chromium starts with: no name resolves, so that nothing can leave the machine even if a route is forgotten. */
export const quietly = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--lang=en-US',
  '--host-resolver-rules=MAP * ~NOTFOUND',
];

/** Served under an invented name: a file address would put this machine's folders into the recording. */
export const servePage = (pass) => async (route) => {
  const { pathname } = new URL(route.request().url());
  const served = {
    '/join': { name: 'index.html', contentType: 'text/html' },
    '/style.css': { name: 'style.css', contentType: 'text/css' },
    '/page.js': { name: 'page.js', contentType: 'text/javascript' },
  }[pathname];
  if (!served) return route.fulfill({ status: 404, body: '' });
  const file = await readFile(new URL(`page/${served.name}`, examplesDir), 'utf8');
  return route.fulfill({ contentType: served.contentType, body: file.replace('guest-0000', pass) });
};
