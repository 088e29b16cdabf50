import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { greengrasscoreipc, io } from 'aws-iot-device-sdk-v2';
import type { GreengrassCloud } from '../cloud/greengrass/greengrass-cloud.ts';
import type { RoleCredentials } from '../cloud/greengrass/role-credentials.ts';
import type { SecretSource } from '../cloud/secret-operations.ts';
import { type Nucleus, startNucleus } from '../nucleus.ts';
import { MemoryConnection } from './memory-connection.ts';

/** A core in a temporary directory, whose components are written as a test needs them. For tests. */
export class TestCore {
  readonly directory = mkdtempSync(join(tmpdir(), 'fleetwright-core-'));
  readonly root = join(this.directory, 'root');
  readonly connection = new MemoryConnection();
  readonly logged: string[] = [];
  readonly #clients: greengrasscoreipc.Client[] = [];
  #nucleus: Nucleus | undefined;
  secrets: SecretSource | undefined;
  cloud: GreengrassCloud | undefined;
  credentials: RoleCredentials | undefined;

  get nucleus(): Nucleus {
    if (this.#nucleus === undefined) throw new Error('not started');
    return this.#nucleus;
  }

  async start(): Promise<Nucleus> {
    this.#nucleus = await startNucleus({
      root: this.root,
      thingName: 'core-1',
      region: 'eu-west-1',
      componentDirectories: [join(this.directory, 'components')],
      connection: this.connection,
      secrets: this.secrets,
      cloud: this.cloud,
      credentials: this.credentials,
      settleTime: 200,
      log: (_level, message, fields) => this.logged.push(`${message} ${JSON.stringify(fields ?? {})}`),
    });
    return this.#nucleus;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.close().catch(() => {});
    await this.#nucleus?.close();
    this.#nucleus = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Writes a component that can be deployed. @param recipe members of the recipe besides its name and version */
  component(
    name: string,
    version: string,
    recipe: Record<string, unknown>,
    files: Record<string, string | Buffer> = {},
  ): void {
    const place = join(this.directory, 'components', `${name}-${version}`);
    mkdirSync(place, { recursive: true });
    const whole = { RecipeFormatVersion: '2020-01-25', ComponentName: name, ComponentVersion: version, ...recipe };
    writeFileSync(join(place, 'recipe.json'), JSON.stringify(whole));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(place, file), content);
  }

  /** A component that shows its environment and goes on. @param configuration its defaults */
  plain(name: string, version: string, configuration: object = {}, more: Record<string, unknown> = {}): void {
    this.component(name, version, {
      ComponentConfiguration: { DefaultConfiguration: configuration },
      Manifests: [{ Lifecycle: { Run: 'env > env.new; mv env.new env; exec sleep 600' } }],
      ...more,
    });
  }

  work(name: string, file: string): string | undefined {
    const path = join(this.root, 'work', name, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** A client of the official SDK that is the component: it has its socket and its token. */
  async client(name: string): Promise<greengrasscoreipc.Client> {
    await until(() => this.work(name, 'env') !== undefined);
    const environment = Object.fromEntries(
      (this.work(name, 'env') ?? '')
        .split('\n')
        .map((line) => [line.split('=')[0], line.split('=').slice(1).join('=')]),
    );
    const client = greengrasscoreipc.createClient({
      hostName: environment.AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT ?? '',
      port: 0,
      socketOptions: new io.SocketOptions(io.SocketType.STREAM, io.SocketDomain.LOCAL),
      connectTransform: async ({ message }) => ({
        ...message,
        payload: JSON.stringify({ authToken: environment.SVCUID }),
      }),
    });
    await client.connect();
    this.#clients.push(client);
    return client;
  }
}

export async function until(condition: () => boolean, milliseconds = 10_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
