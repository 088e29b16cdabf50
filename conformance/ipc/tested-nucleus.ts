import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CoreConnection, Nucleus, type SecretSource } from '../../edge-nucleus/src/index.ts';

const CLIENT = 'com.example.Python';
const OTHER = 'com.example.Other';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:';

export interface TestedNucleus {
  /** Names of all operations that it serves. */
  readonly operations: readonly string[];
  /** Files that the client writes. */
  readonly results: string;
  readonly ready: string;
  /** Deploys a configuration that the client is asked about, and that restarts it. */
  change(): Promise<void>;
  close(): Promise<void>;
}

/** A nucleus with the client as a component that may do everything it tries. */
export async function startTestedNucleus(directory: string, python: string): Promise<TestedNucleus> {
  writeComponents(join(directory, 'components'), python);
  const root = join(directory, 'root');
  const nucleus = new Nucleus({
    root,
    thingName: 'core-1',
    region: 'eu-west-1',
    componentDirectories: [join(directory, 'components')],
    connection: new LoopConnection(),
    secrets,
  });
  await nucleus.start();
  const deploy = (phase: string) =>
    nucleus.deploy({
      components: {
        [CLIENT]: { version: '1.0.0', configurationUpdate: { merge: { phase } } },
        [OTHER]: { version: '1.0.0' },
      },
    });
  const { reason, status } = await deploy('1');
  if (status !== 'SUCCESSFUL') throw new Error(`the client does not run: ${reason}`);
  return {
    operations: nucleus.operations,
    results: join(root, 'work', CLIENT, 'results'),
    ready: join(root, 'work', CLIENT, 'ready'),
    change: async () => void (await deploy('2')),
    close: () => nucleus.close(),
  };
}

function writeComponents(directory: string, python: string): void {
  const allow = (id: string, resources: readonly string[]) => ({ [id]: { operations: ['*'], resources } });
  const accessControl = {
    'aws.greengrass.ipc.pubsub': allow('client:pubsub:1', ['local/*']),
    'aws.greengrass.ipc.mqttproxy': allow('client:mqtt:1', ['cloud/#']),
    'aws.greengrass.ShadowManager': allow('client:shadow:1', ['$aws/things/{iot:thingName}/shadow*']),
    'aws.greengrass.SecretManager': allow('client:secret:1', [`${SECRET}mine-*`]),
    'aws.greengrass.Cli': allow('client:cli:1', ['*']),
  };
  const recipe = (name: string, more: object) => {
    const place = join(directory, name);
    mkdirSync(place, { recursive: true });
    const whole = { RecipeFormatVersion: '2020-01-25', ComponentName: name, ComponentVersion: '1.0.0', ...more };
    writeFileSync(join(place, 'recipe.json'), JSON.stringify(whole));
    return place;
  };
  const place = recipe(CLIENT, {
    ComponentConfiguration: {
      DefaultConfiguration: { accessControl, phase: '1', mqtt: { port: 443, hosts: ['a'] } },
    },
    Manifests: [
      {
        Artifacts: [{ URI: 'file:///python/client.py' }],
        Lifecycle: {
          Setenv: { PHASE: '{configuration:/phase}' },
          Run: `exec '${python}' -u {artifacts:path}/client.py`,
        },
      },
    ],
  });
  copyFileSync(join(import.meta.dirname, 'client.py'), join(place, 'client.py'));
  recipe(OTHER, { Manifests: [{ Lifecycle: { Run: 'exec sleep 600' } }] });
}

const secrets: SecretSource = {
  async get({ secretId }) {
    const name = secretId.replace(SECRET, '');
    return { arn: `${SECRET}${name}`, versionId: 'v1', versionStages: ['AWSCURRENT'], text: 'hush' };
  },
};

/** Gives back what is published to topics that begin with `cloud/`, and keeps shadows. */
class LoopConnection implements CoreConnection {
  readonly connected = true;
  readonly #listeners = new Set<{ filter: string; onMessage: (topic: string, payload: Uint8Array) => void }>();
  readonly #shadows = new Map<string, unknown>();

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    const [, place, verb] = /^(\$aws\/.+\/shadow.*)\/(get|update|delete)$/.exec(topic) ?? [];
    if (place === undefined) this.#deliver(topic, payload);
    else setImmediate(() => this.#answer(place, verb as string, JSON.parse(Buffer.from(payload).toString())));
  }

  async subscribe(filter: string, onMessage: (topic: string, payload: Uint8Array) => void) {
    const listener = { filter, onMessage };
    this.#listeners.add(listener);
    return { end: async () => void this.#listeners.delete(listener) };
  }

  onConnected(task: () => void): () => void {
    task();
    return () => {};
  }

  #answer(place: string, verb: string, { clientToken, state }: { clientToken?: string; state?: unknown }): void {
    if (verb === 'update') this.#shadows.set(place, state);
    const found = this.#shadows.get(place);
    if (verb === 'delete') this.#shadows.delete(place);
    const answer =
      found === undefined
        ? { kind: 'rejected', code: 404, message: 'No shadow exists', clientToken }
        : { kind: 'accepted', state: found, version: 1, clientToken };
    this.#deliver(`${place}/${verb}/${answer.kind}`, Buffer.from(JSON.stringify(answer)));
  }

  #deliver(topic: string, payload: Uint8Array): void {
    for (const { filter, onMessage } of [...this.#listeners]) {
      const isMeant = filter.endsWith('/#') ? topic.startsWith(filter.slice(0, -1)) : topic === filter;
      if (isMeant) onMessage(topic, payload);
    }
  }
}
