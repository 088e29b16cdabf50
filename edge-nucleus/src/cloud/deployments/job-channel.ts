import * as z from 'zod';
import type { NucleusClock } from '../../clock.ts';
import type { NucleusLog } from '../../log.ts';
import type { CoreConnection, CoreSubscription } from '../core-connection.ts';
import type { CloudDeployment, DeploymentReport } from './cloud-deployment.ts';
import { RequestRejected, requestAnswer } from './request-answer.ts';

/** characters of a status detail (nucleus, `JOB_STATUS_DETAIL_MAX_LENGTH`) */
const MAX_DETAIL_LENGTH = 1_024;

const executionSchema = z.object({
  execution: z
    .object({ jobId: z.string(), status: z.string(), jobDocument: z.unknown() })
    .partial({ jobDocument: true })
    .optional(),
});

export interface ChannelPorts {
  readonly connection: CoreConnection;
  readonly thingName: string;
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
  /** There is this deployment to do. */
  onDeployment(deployment: CloudDeployment): void;
  /** Of what came through this channel, nothing is to be done but `id`. */
  onOnly(channel: CloudDeployment['channel'], id: string | undefined): void;
}

/**
 * Deployments to thing groups (nucleus, `IotJobsHelper.java`). AWS IoT gives one job at a time: the one in progress, else the first
 * that is queued.
 */
export class JobChannel {
  readonly #ports: ChannelPorts;
  readonly #prefix: string;
  #subscriptions: CoreSubscription[] = [];
  #stopListening = (): void => {};

  constructor(ports: ChannelPorts) {
    this.#ports = ports;
    this.#prefix = `$aws/things/${ports.thingName}/jobs`;
  }

  async start(): Promise<void> {
    const { connection } = this.#ports;
    this.#subscriptions = await Promise.all([
      connection.subscribe(`${this.#prefix}/notify`, () => this.ask()),
      connection.subscribe(`${this.#prefix}/$next/get/accepted`, (_topic, payload) => this.#next(payload)),
    ]);
    this.#stopListening = connection.onConnected(() => this.ask());
  }

  async stop(): Promise<void> {
    this.#stopListening();
    for (const subscription of this.#subscriptions.splice(0)) await subscription.end().catch(() => {});
  }

  /** Asks for the next job; the answer comes by itself. */
  ask(): void {
    const { connection, log } = this.#ports;
    if (!connection.connected) return;
    connection
      .publish(`${this.#prefix}/$next/get`, Buffer.from(JSON.stringify({ includeJobDocument: true })), 1)
      .catch((error) => log('warn', 'the next job cannot be asked for', { reason: String(error) }));
  }

  /** @returns whether it is done: taken, or refused for ever. Rejects when it is to be tried again. */
  async report({ detailedStatus, errorStack, errorTypes, failureCause, id, status }: DeploymentReport): Promise<void> {
    const { clock, connection, log } = this.#ports;
    const details = {
      ...(detailedStatus !== undefined && { 'detailed-deployment-status': detailedStatus }),
      ...(failureCause !== undefined && { 'deployment-failure-cause': failureCause }),
      ...(errorStack.length > 0 && { 'deployment-error-stack': JSON.stringify(errorStack) }),
      ...(errorTypes.length > 0 && { 'deployment-error-types': JSON.stringify(errorTypes) }),
    };
    const statusDetails = Object.fromEntries(
      Object.entries(details).map(([key, value]) => [key, value.slice(0, MAX_DETAIL_LENGTH)]),
    );
    try {
      await requestAnswer(connection, clock, `${this.#prefix}/${id}/update`, { status, statusDetails });
    } catch (error) {
      // Cancelled or timed out meanwhile: no report of it is wanted any more.
      if (!(error instanceof RequestRejected)) throw error;
      log('warn', 'the status of a job is refused', { jobId: id, status, reason: error.message });
    }
  }

  #next(payload: Uint8Array): void {
    const read = executionSchema.safeParse(parsed(payload));
    if (!read.success) return;
    const { execution } = read.data;
    this.#ports.onOnly('job', execution?.jobId);
    if (execution === undefined) return;
    this.#ports.onDeployment({ channel: 'job', id: execution.jobId, document: execution.jobDocument });
  }
}

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
