import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Stands between a checker and the service, and changes the answers of some paths on the way. */
export class BendingProxy {
  /** What it does to a body; undefined lets it through. */
  bend: (path: string, body: Buffer) => Buffer | undefined = () => undefined;
  /** The paths that were changed. */
  readonly bent = new Set<string>();

  private constructor(
    private readonly server: http.Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<BendingProxy> {
    const server = http.createServer((asked, answer) => {
      const { host: _host, 'accept-encoding': _encoding, ...headers } = asked.headers;
      const passed = http.request(`${target}${asked.url}`, { headers, agent: false }, (got) => {
        const pass = (body: Buffer) => {
          const bent = proxy.bend(asked.url ?? '', body);
          if (bent !== undefined) proxy.bent.add(asked.url ?? '');
          const sent = bent ?? body;
          const { 'transfer-encoding': _chunked, ...passedOn } = got.headers;
          answer.writeHead(got.statusCode ?? 502, { ...passedOn, 'content-length': sent.length });
          answer.end(sent);
        };
        buffer(got).then(pass, () => answer.destroy());
      });
      passed.on('error', () => answer.destroy());
      passed.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new BendingProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return proxy;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
