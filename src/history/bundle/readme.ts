import type { Reports } from './reports.js';
import type { About } from './about.js';

/** For whoever is handed a bundle and knows nothing of Custos. */
export const bundleReadme = (about: About, { incident, exposure }: Reports): string => `INCIDENT BUNDLE

${incident.title}
${incident.reason}

This archive says who could read what between two moments, who did, and what was done about it, and holds what it takes to
check that. Nothing in it was captured from anybody: it is made of the clear headers of a log (who did what, when, to whose
data), never of the data. Its people and subjects are the ids of the log.

READ
  report.html     the report, for a browser; it loads nothing and runs nothing
  incident.json   what was written about the incident, and the reports that it rests on
  exposure.json   who could read, who did, and what is unknown; unknown counts as exposed
  diff.json       what changed between the two moments, by which entries, signed by whom; who gained and lost what
  timeline.json   what happened, entry by entry, and what followed from what
  policies.json   the policy in force at the first moment, and each one after it
  entries.ndjson  the entries, decoded, one a line

  Times in JSON are milliseconds since 1970-01-01T00:00:00Z. A position is the place of an entry in the log, from 0.

CHECK
  $ custos verify THIS_FILE --log-key KEY

  It asks no network. KEY is the log's public key; get it from whoever runs the log, on another way than this archive. The
  archive names this one:
    ${about.logKey}
  Every entry is held against the signature of the log. Every other file is made again from the entries and compared,
  byte for byte. log/ and trust.json are what all of it is made of; docs/formats/bundle.md says how, for other tools.

WHAT IT HOLDS
  log             ${about.origin}, its first ${about.size} entries
  complete        every entry from position ${about.completeFrom} on: none was left out
  below           the entries that govern (who may read): what was true at the first moment follows from them
  in question     from the first ${exposure.from.position} entries to the first ${exposure.to.position}
  trust file      SHA-256 ${about.trust}: whose signatures count; compare it with that of whoever runs the log

WHAT IT CANNOT TELL
${
  about.completeFrom === 0
    ? '  That the log is one log for everybody: compare its checkpoint with one that somebody else has kept.'
    : `  That no governing entry below position ${about.completeFrom} was left out: only the whole log shows that (\`custos verify\` on the
  log itself, or a bundle made with --whole-log). That the log is one log for everybody: compare its checkpoint with one
  that somebody else has kept.`
}
`;
