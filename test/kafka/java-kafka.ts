import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = resolve('test/kafka');
const cache = resolve('node_modules/.cache/custos-kafka');
/** Quick to start and small: a broker of tests lives for seconds, beside PostgreSQL, on two cores. */
const small = ['-Xms64m', '-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData'];

/** Kafka from Apache's own jars. Undefined where there is no Java, no Maven, or no way to the jars. */
export async function javaKafka(): Promise<JavaKafka | undefined> {
  try {
    await run('java', ['-version']);
    return new JavaKafka(await classPath());
  } catch {
    return undefined;
  }
}

export class JavaKafka {
  constructor(private readonly classPath: string) {}

  /** The arguments of `java`, without it. Classes come from an archive where there is one, which halves the start. */
  arguments(main: string, ...args: string[]): string[] {
    const archive = join(cache, 'classes.jsa');
    const classes = existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto'] : [];
    const logging = `-Dlog4j2.configurationFile=${join(here, 'log4j2.properties')}`;
    return [...small, ...classes, logging, '-cp', this.classPath, main, ...args];
  }

  get needsArchive(): boolean {
    return !existsSync(join(cache, 'classes.jsa'));
  }

  /** Of a broker that will be ended by SIGTERM: it leaves the archive for all that come. */
  archiving(args: readonly string[]): { args: string[]; keep(): Promise<void> } {
    const made = join(cache, `classes-${process.pid}.jsa`);
    return {
      args: [`-XX:ArchiveClassesAtExit=${made}`, ...args],
      keep: () => rename(made, join(cache, 'classes.jsa')).catch(() => undefined),
    };
  }

  async formatStorage(settings: string, extra: readonly string[]): Promise<void> {
    const args = ['format', '--standalone', '--cluster-id', 'Q3VzdG9zVGVzdEthZmthMQ', '--config', settings, ...extra];
    await run('java', this.arguments('kafka.tools.StorageTool', ...args));
  }
}

/** Maven is asked once for each version of the pom: it takes seconds, also where it has everything. */
async function classPath(): Promise<string> {
  const pom = await readFile(join(here, 'pom.xml'), 'utf8');
  const [paths, of] = [join(cache, 'classpath'), join(cache, 'pom.xml')];
  const known = (await readFile(of, 'utf8').catch(() => '')) === pom ? await readFile(paths, 'utf8') : '';
  if (known !== '' && known.split(':').every((jar) => existsSync(jar))) return known;
  await mkdir(cache, { recursive: true });
  const options = ['-q', '-B', '-f', join(here, 'pom.xml'), 'dependency:build-classpath'];
  await run('mvn', [...options, '-DincludeScope=runtime', `-Dmdep.outputFile=${paths}`], { timeout: 300_000 });
  await writeFile(of, pom);
  return readFile(paths, 'utf8');
}
