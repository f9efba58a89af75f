import { formatNames, formats, type FormatName } from './formats.js';
import { headOf } from './head.js';

/** The one format that a recording is of, told by its beginning; undefined if none or more than one says so. */
export function recognise(recording: Uint8Array): FormatName | undefined {
  const head = headOf(recording);
  const [found, ...others] = formatNames.filter((name) => formats[name].recognise(head));
  return others.length === 0 ? found : undefined;
}
