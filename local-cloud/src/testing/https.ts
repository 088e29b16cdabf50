import { Agent } from 'node:https';
import type { ServiceApi } from '../core/api.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { systemEntropy } from '../core/entropy.ts';
import { type RunningFrontDoor, startFrontDoor } from '../core/http/front-door.ts';
import type { Credentials } from '../core/iam/authorizer.ts';
import type { PluginFactory } from '../core/plugin.ts';
import { loadOrCreateServerIdentity, type ServerIdentity } from '../core/tls.ts';
import { createIamPlugin } from '../services/iam/plugin.ts';
import { createStsPlugin } from '../services/sts/plugin.ts';
import { createTestCloud, type TestCloud } from './context.ts';

/** A cloud behind its real front door, with real IAM and STS, for tests that drive it with SDK clients. */
export interface HttpsCloud {
  readonly cloud: TestCloud<Clock>;
  readonly identity: ServerIdentity;
  readonly port: number;
  readonly frontDoor: RunningFrontDoor;
  readonly administrator: Credentials;
  /** Settings for any SDK client; one attempt, so that a refusal is seen as it is. */
  client(credentials?: Credentials): ClientSettings;
  close(): Promise<void>;
}

export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly maxAttempts: number;
  readonly requestHandler: { httpsAgent: Agent };
}

export async function startHttpsCloud(
  options: { plugins?: readonly PluginFactory[]; apis?: readonly ServiceApi[]; clock?: Clock } = {},
): Promise<HttpsCloud> {
  const clock = options.clock ?? systemClock;
  const cloud = createTestCloud<Clock>({ clock, entropy: systemEntropy });
  const plugins = [createIamPlugin, createStsPlugin, ...(options.plugins ?? [])].map((factory) => cloud.use(factory));
  for (const api of options.apis ?? []) cloud.dispatcher.register(api);
  const identity = await loadOrCreateServerIdentity(cloud.dataDirectory, clock);
  const frontDoor = await startFrontDoor({
    context: cloud,
    dispatcher: cloud.dispatcher,
    identity,
    host: '127.0.0.1',
    port: 0,
  });
  for (const plugin of plugins) await plugin.start?.();
  const administrator = cloud.ports.get('credentials').administrator();
  const httpsAgent = new Agent({ ca: identity.caCertificatePem, keepAlive: true });
  return {
    cloud,
    identity,
    port: frontDoor.port,
    frontDoor,
    administrator,
    client: (credentials = administrator) => ({
      endpoint: `https://localhost:${frontDoor.port}`,
      region: cloud.account.region,
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
      },
      maxAttempts: 1,
      requestHandler: { httpsAgent },
    }),
    async close() {
      httpsAgent.destroy();
      await frontDoor.stop();
      await cloud.close();
    },
  };
}
