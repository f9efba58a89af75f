import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KafkaConnection } from '../../src/kafka/kafkajs-client.js';
import { OwnBroker } from './own-broker.js';

const run = promisify(execFile);
const storePassword = 'of-a-test';

/** A broker with TLS, SCRAM and the authorizer on: what has no ACL is refused to everybody but `admin`. */
export class SecuredBroker {
  private constructor(
    private readonly broker: OwnBroker,
    private readonly folder: string,
    private readonly passwords: ReadonlyMap<string, string>,
    /** PEM of the certificate that signs for the broker. */
    readonly ca: string,
  ) {}

  static async start(users: readonly string[]): Promise<SecuredBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'custos-kafka-tls-'));
    const store = join(folder, 'broker.p12');
    await makeCertificate(store);
    const ca = join(folder, 'broker.pem');
    await run('keytool', ['-exportcert', '-rfc', '-alias', 'broker', '-file', ca, ...openStore(store)]);
    const passwords = new Map([...users, 'admin'].map((user) => [user, randomBytes(12).toString('hex')]));
    const broker = await OwnBroker.start({
      settings: ({ port, controllerPort }) => ({
        listeners: `SASL_SSL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
        'advertised.listeners': `SASL_SSL://127.0.0.1:${port}`,
        'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,CONTROLLER:SSL',
        'inter.broker.listener.name': 'SASL_SSL',
        'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
        'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required ' +
          `username="admin" password="${passwords.get('admin')}";`,
        // The broker is known to its own controller by its certificate.
        'listener.name.controller.ssl.client.auth': 'required',
        'super.users': 'User:admin;User:CN=localhost',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'allow.everyone.if.no.acl.found': 'false',
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': store,
        'ssl.keystore.password': storePassword,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': ca,
      }),
      format: [...passwords].flatMap(([name, password]) => [
        '--add-scram',
        `SCRAM-SHA-512=[name=${name},password=${password}]`,
      ]),
    });
    return new SecuredBroker(broker, folder, passwords, await readFile(ca, 'utf8'));
  }

  as(user: string, differing: Partial<KafkaConnection> = {}): KafkaConnection {
    return {
      brokers: this.broker.brokers,
      clientId: 'custos-test',
      tls: { ca: this.ca },
      sasl: { mechanism: 'scram-sha-512', username: user, password: this.passwords.get(user) ?? '' },
      ...differing,
    };
  }

  async remove(): Promise<void> {
    await this.broker.remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Java brings the tool along; nothing else here can make a certificate. */
async function makeCertificate(store: string): Promise<void> {
  const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2'];
  const name = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost'];
  await run('keytool', ['-genkeypair', '-alias', 'broker', ...key, ...name, ...openStore(store)]);
}

const openStore = (store: string) => ['-keystore', store, '-storetype', 'PKCS12', '-storepass', storePassword];
