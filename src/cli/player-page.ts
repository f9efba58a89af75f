import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { escaped } from '../history/escaped.js';
import type { MaskedRecording } from './masked-recording.js';

/** A player that others wrote, from npm, and what of ours starts it. */
interface Player {
  /** Whose it is: its code goes into every page. */
  readonly licence: string;
  readonly code: () => string;
  readonly css: () => string;
  /** In the page: `recording` is what was embedded, `stage` where it plays. */
  readonly start: string;
  /** What the page must allow beside its own scripts. */
  readonly scripts: string;
}

const { resolve } = createRequire(import.meta.url);
const besideRrweb = (name: string) => join(dirname(resolve('@rrweb/replay')), name);

const players: Readonly<Record<string, Player>> = {
  rrweb: {
    licence: '@rrweb/replay, MIT, © the rrweb contributors',
    code: () => besideRrweb('replay.umd.min.cjs'),
    css: () => besideRrweb('style.min.css'),
    scripts: '',
    start: `
const replayer = new rrwebReplay.Replayer(recording, { root: stage, showWarning: false, mouseTail: false, triggerFocus: false });
const [toggle, seek, speed, told] = ['toggle', 'seek', 'speed', 'told'].map((id) => document.getElementById(id));
const { totalTime } = replayer.getMetaData();
const time = (ms) => Math.floor(ms / 60000) + ':' + String(Math.floor(ms / 1000) % 60).padStart(2, '0');
const fit = ({ width, height }) => {
  const scale = Math.min(1, stage.clientWidth / width);
  replayer.wrapper.style.transform = 'scale(' + scale + ')';
  stage.style.height = height * scale + 'px';
};
let isPlaying = false;
const now = () => Math.min(Math.max(replayer.getCurrentTime(), 0), totalTime);
const show = () => {
  told.textContent = time(now()) + ' of ' + time(totalTime);
  seek.value = now();
  toggle.textContent = isPlaying ? 'Pause' : 'Play';
};
const playFrom = (ms) => ((isPlaying = true), replayer.play(ms), show());
const pauseAt = (ms) => ((isPlaying = false), replayer.pause(ms), show());
seek.max = totalTime;
replayer.on('resize', fit);
replayer.on('finish', () => ((isPlaying = false), show()));
toggle.onclick = () => (isPlaying ? pauseAt(now()) : playFrom(now() >= totalTime ? 0 : now()));
seek.oninput = () => (isPlaying ? playFrom(Number(seek.value)) : pauseAt(Number(seek.value)));
speed.onchange = () => replayer.setConfig({ speed: Number(speed.value) });
setInterval(() => isPlaying && show(), 200);
pauseAt(0);`,
  },
  asciicast: {
    licence: 'asciinema-player, Apache-2.0, © Marcin Kulik',
    code: () => resolve('asciinema-player/dist/bundle/asciinema-player.min.js'),
    css: () => resolve('asciinema-player/dist/bundle/asciinema-player.css'),
    // Its terminal is WebAssembly, which stands in its code.
    scripts: " 'wasm-unsafe-eval'",
    start: `
document.getElementById('controls').remove();
const text = recording.map((one) => JSON.stringify(one)).join('\\n');
AsciinemaPlayer.create({ data: text }, stage, { fit: 'width', idleTimeLimit: 3, preload: true });`,
  },
};

export const hasPlayer = (format: string): boolean => Object.hasOwn(players, format);

/**
 * One page with the player and the masked recording in it, that asks nobody for anything: its policy allows its own two
 * scripts by their hashes, and no connection. Undefined if nobody has a player for the format.
 */
export async function playerPage(session: string, { format, events }: MaskedRecording): Promise<string | undefined> {
  const player = hasPlayer(format.name) ? players[format.name] : undefined;
  if (player === undefined) return undefined;
  const [code, css] = await Promise.all([readFile(player.code(), 'utf8'), readFile(player.css(), 'utf8')]);
  const scripts = [inScript(code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '')), inScript(started(player.start))];
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}${player.scripts}`,
    "style-src 'unsafe-inline'",
    ...['img-src data:', 'media-src data:', 'font-src data:'],
    ...["base-uri 'none'", "form-action 'none'"],
  ].join('; ');
  return `<!doctype html>
<!-- Player: ${escaped(player.licence)} -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="referrer" content="no-referrer">
<title>${escaped(session)}</title>
<style>${css.replaceAll('</', '<\\/')}</style>
<style>body{font:14px system-ui,sans-serif;margin:1rem}#stage{position:relative;overflow:hidden;border:1px solid #ccc}#stage .replayer-wrapper{transform-origin:0 0}#controls{display:flex;gap:.5rem;align-items:center;margin:.5rem 0}#seek{flex:1}</style>
</head>
<body>
<h1>${escaped(session)}</h1>
<p>What was not granted is masked.</p>
<div id="controls"><button id="toggle">Play</button><input id="seek" type="range" min="0" step="10"><span id="told"></span>
<select id="speed"><option value="0.5">½×</option><option value="1" selected>1×</option><option value="2">2×</option><option value="8">8×</option></select></div>
<div id="stage"></div>
<script type="application/json" id="recording">${inData(events)}</script>
<script>${scripts[0]}</script>
<script>${scripts[1]}</script>
</body>
</html>
`;
}

const started = (start: string) => `(() => {
const recording = JSON.parse(document.getElementById('recording').textContent);
const stage = document.getElementById('stage');${start}
})();`;

/** Script text ends at the first thing that looks like its end. In strings and patterns, the escape says the same. */
const inScript = (code: string) => code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
/** Of JSON, too: whatever the recording holds. */
const inData = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');
