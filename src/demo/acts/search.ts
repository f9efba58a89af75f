import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canaryMark, formsOf, searchFolder, searchText } from '../canary-search.js';
import { claim, claimSame } from '../claim.js';
import type { Stage } from '../stage.js';
import { purpose } from './granting.js';

/** The last act: nothing runs any more, everything is on disk. */
export async function search({ step, service, data, scratch, planted }: Stage): Promise<void> {
  await step('The service stops when it is told to', async () => {
    claimSame(await service.stop(), 0, 'exit code of the service');
    return ['SIGTERM, exit code 0', undefined];
  });

  await step('The search finds what there is to find', async () => {
    const control = join(scratch, 'control');
    await mkdir(control);
    for (const canary of planted) {
      claim(canary.includes(canaryMark), 'every canary has the mark that is searched for');
      for (const [form, bytes] of formsOf(canary)) {
        await writeFile(
          join(control, 'planted'),
          Buffer.concat([Buffer.from('before '), bytes, Buffer.from(' after')]),
        );
        const { finds } = await searchFolder(control, canaryMark);
        claimSame(
          finds.map((find) => find.form),
          [form],
          'forms found in the planted file',
        );
      }
    }
    await rm(control, { recursive: true });
    // A purpose stands in clear headers by design: it shows that the search sees into the database's files.
    // Either end of it: a page of the WAL may end in the middle of a text, and the next begins with a header.
    const ends = [purpose.slice(0, 20), purpose.slice(-20)];
    const finds = (await Promise.all(ends.map((end) => searchFolder(data, end)))).flatMap((searched) => searched.finds);
    const inside = (folder: string) => finds.some(({ path }) => path.includes(join('postgres', folder)));
    claim(inside('base') && inside('pg_wal'), 'a purpose, which stands in clear, is found in tables and WAL');
    return [
      `${planted.size} secrets in ${formsOf('').size} forms; and a purpose, in the tables and in the WAL`,
      undefined,
    ];
  });

  await step('None of the planted secrets is in the data folder, nor in what the service printed', async () => {
    const { files, bytes, finds } = await searchFolder(data, canaryMark);
    claimSame(finds, [], 'finds');
    claim(files > 100, 'the folder holds a database');
    claim(service.output.length > 0, 'the service printed something');
    claimSame(searchText(service.output, canaryMark), [], 'finds in its output');
    return [`${files} files, ${(bytes / 1e6).toFixed(0)} MB, WAL included: nothing`, undefined];
  });
}
