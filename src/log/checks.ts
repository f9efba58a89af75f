/** What `custos verify` can find wrong at a position. */
export const checks = {
  missing: 'an entry is missing',
  header_changed: 'the header is not the one that was hashed',
  header_unreadable: 'the header cannot be decoded',
  column_differs: 'an index column does not repeat the header',
  time_reversed: 'the time is before that of the entry below',
  version_wrong: 'the stream version is not the next one',
  checkpoint_forged: 'a stored checkpoint was not signed by the log',
  checkpoint_differs: 'the entries do not give the root that was signed',
  head_differs: 'the head is not the last signed checkpoint',
  tile_differs: 'a stored tile is not made of the leaves',
  body_missing: 'a sealed column is missing',
  body_changed: 'a sealed column is not the one in the header',
  body_expired: 'a sealed column is still there, long after the log said that it is deleted',
  body_unlisted: 'a sealed column stands in no header',
  not_in_the_log: 'a row stands above the signed head',
  disclosure_without_grant: 'a disclosure had no grant in force',
  act_invalid: 'a signature of an officer does not count',
  approval_invalid: 'an approval is not validly signed',
  retention_invalid: 'columns were given up against the rules of retention',
  key_not_attested: 'a key was not attested by the keyholder',
} as const;
export type Check = keyof typeof checks;
