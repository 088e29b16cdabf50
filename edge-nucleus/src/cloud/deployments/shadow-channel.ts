import * as z from 'zod';
import type { CoreSubscription } from '../core-connection.ts';
import type { ShadowClient } from '../shadow-client.ts';
import { type DeploymentReport, namesOf } from './cloud-deployment.ts';
import type { ChannelPorts } from './job-channel.ts';

/** Nucleus, `ShadowDeploymentListener.java`, `DEPLOYMENT_SHADOW_NAME`. */
const SHADOW = 'AWSManagedGreengrassV2Deployment';

const documentSchema = z.object({
  state: z.object({
    desired: z.object({ fleetConfig: z.string(), desiredStatus: z.string() }).optional(),
    reported: z
      .object({ fleetConfigurationArnForStatus: z.string().optional(), status: z.string().optional() })
      .optional(),
  }),
});

/** Deployments to the core's own thing, which lie in a named shadow of it (nucleus, `ShadowDeploymentListener.java`). */
export class ShadowChannel {
  readonly #ports: ChannelPorts;
  readonly #shadows: ShadowClient;
  readonly #prefix: string;
  readonly #version: string;
  #subscriptions: CoreSubscription[] = [];
  #stopListening = (): void => {};

  /** @param version of the nucleus, as it is reported */
  constructor(ports: ChannelPorts, shadows: ShadowClient, version: string) {
    this.#ports = ports;
    this.#shadows = shadows;
    this.#version = version;
    this.#prefix = `$aws/things/${ports.thingName}/shadow/name/${SHADOW}`;
  }

  async start(): Promise<void> {
    const { connection } = this.#ports;
    this.#subscriptions = [
      await connection.subscribe(`${this.#prefix}/update/accepted`, (_topic, payload) => {
        if (concernsDesired(payload)) void this.#look();
      }),
    ];
    this.#stopListening = connection.onConnected(() => void this.#look());
  }

  async stop(): Promise<void> {
    this.#stopListening();
    for (const subscription of this.#subscriptions.splice(0)) await subscription.end().catch(() => {});
  }

  /** Rejects when it is to be tried again. Empty members clear those of an earlier report. */
  async report({ configurationArn, detailedStatus, ...report }: DeploymentReport): Promise<void> {
    const { errorStack, errorTypes, failureCause = '', status } = report;
    await this.#shadows.request(this.#prefix, 'update', {
      state: {
        reported: {
          fleetConfigurationArnForStatus: configurationArn,
          status,
          statusDetails: { detailedStatus: detailedStatus ?? '', failureCause, errorStack, errorTypes },
          ggcVersion: this.#version,
        },
      },
    });
  }

  async #look(): Promise<void> {
    const { connection, log } = this.#ports;
    if (!connection.connected) return;
    let payload: Uint8Array;
    try {
      payload = await this.#shadows.request(this.#prefix, 'get', {});
    } catch (error) {
      // There is none before the first deployment to the thing.
      log('debug', 'the deployment shadow cannot be read', { reason: String(error) });
      return;
    }
    const read = documentSchema.safeParse(parsed(payload));
    if (!read.success) return;
    const { desired, reported } = read.data.state;
    const document = parsed(Buffer.from(desired?.fleetConfig ?? ''));
    const { configurationArn: id } = namesOf(document);
    if (desired === undefined || id === undefined) return;
    const isCanceled = desired.desiredStatus === 'CANCELED';
    this.#ports.onOnly('shadow', isCanceled ? undefined : id);
    const isDone = reported?.fleetConfigurationArnForStatus === id && reported.status !== 'IN_PROGRESS';
    if (!isCanceled && !isDone) this.#ports.onDeployment({ channel: 'shadow', id, document });
  }
}

function concernsDesired(payload: Uint8Array): boolean {
  const document = parsed(payload) as { state?: { desired?: unknown } } | undefined;
  return document?.state?.desired !== undefined;
}

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
