import { join } from 'node:path';
import * as z from 'zod';
import type { PlannedDeployment } from '../../deployment/deployment-document.ts';
import type { DeploymentOutcome } from '../../deployment/deployment-record.ts';
import type { DeploymentTargets } from '../../deployment/deployment-targets.ts';
import { NucleusError } from '../../nucleus-error.ts';
import { readStateFile, writeStateFile } from '../../state/state-file.ts';
import { CoreNotAllowed, type GreengrassCloud } from '../greengrass/greengrass-cloud.ts';
import { persist } from '../greengrass/persist.ts';
import type { ShadowClient } from '../shadow-client.ts';
import {
  type CloudDeployment,
  cloudDeploymentSchema,
  type DeploymentReport,
  deploymentReportSchema,
  namesOf,
  planOf,
} from './cloud-deployment.ts';
import { type ChannelPorts, JobChannel } from './job-channel.ts';
import { reportOf } from './report-of.ts';
import { ShadowChannel } from './shadow-channel.ts';

const stateSchema = z.object({
  /** Begun and not reported yet. */
  current: cloudDeploymentSchema.optional(),
  /** What the cloud does not know yet, in order. */
  reports: z.array(deploymentReportSchema).default([]),
});

export interface CloudDeploymentsPorts extends Omit<ChannelPorts, 'onDeployment' | 'onOnly'> {
  readonly directory: string;
  readonly cloud: GreengrassCloud;
  readonly shadows: ShadowClient;
  readonly targets: DeploymentTargets;
  readonly nucleusVersion: string;
  /** @param resumed an earlier nucleus has begun it */
  apply(
    plan: PlannedDeployment & { readonly deploymentId: string },
    resumed: boolean,
    signal: AbortSignal,
  ): Promise<DeploymentOutcome>;
  /** What the core is to tell of its health after a deployment. */
  onEnd(report: DeploymentReport, deploymentId: string): void;
}

/** Longest wait before reports are tried again, ms. */
const REPORT_RETRY = 5_000;

/**
 * Deployments of the cloud, one after another (nucleus, `DeploymentService.java`).
 *
 * INVARIANTS
 * - A deployment that was begun is on disk until its end is a report on disk: the next nucleus goes on with it.
 * - Reports reach the cloud in order, each until it is taken or refused, whatever the connection does.
 */
export class CloudDeployments {
  readonly #ports: CloudDeploymentsPorts;
  readonly #file: string;
  readonly #jobs: JobChannel;
  readonly #shadow: ShadowChannel;
  readonly #waiting = new Map<CloudDeployment['channel'], CloudDeployment>();
  readonly #abort = new AbortController();
  #current: CloudDeployment | undefined;
  #cancel: AbortController | undefined;
  #reports: DeploymentReport[];
  #reporting: Promise<void> | undefined;
  #working: Promise<void> | undefined;
  #stopListening = (): void => {};

  /** @throws NucleusError `STATE_UNUSABLE` */
  constructor(ports: CloudDeploymentsPorts) {
    this.#ports = ports;
    this.#file = join(ports.directory, 'cloud-deployments.json');
    const read = stateSchema.safeParse(readStateFile(this.#file) ?? {});
    if (!read.success) throw new NucleusError('STATE_UNUSABLE', `${this.#file} is no record of deployments`);
    this.#current = read.data.current;
    this.#reports = read.data.reports;
    const channel: ChannelPorts = {
      ...ports,
      onDeployment: (deployment) => this.#offer(deployment),
      onOnly: (from, id) => this.#only(from, id),
    };
    this.#jobs = new JobChannel(channel);
    this.#shadow = new ShadowChannel(channel, ports.shadows, ports.nucleusVersion);
  }

  /** Whether a deployment is under way. */
  get busy(): boolean {
    return this.#current !== undefined;
  }

  async start(): Promise<void> {
    const { connection, log } = this.#ports;
    this.#work();
    this.#stopListening = connection.onConnected(() => this.#send());
    for (const channel of [this.#jobs, this.#shadow]) {
      await channel.start().catch((error) => {
        log('error', 'deployments of the cloud cannot be heard of', { reason: String(error) });
      });
    }
  }

  /** What is under way is left as a `kill -9` would leave it. */
  async stop(): Promise<void> {
    this.#stopListening();
    this.#abort.abort(new NucleusError('STOPPED', 'the nucleus ends'));
    await Promise.all([this.#jobs.stop(), this.#shadow.stop()]);
    await this.#working;
    await this.#reporting;
  }

  #offer(deployment: CloudDeployment): void {
    const { channel, id } = deployment;
    const isKnown = (known: { channel: string; id: string } | undefined): boolean =>
      known?.channel === channel && known.id === id;
    if (isKnown(this.#current) || this.#reports.some(isKnown)) return;
    this.#waiting.set(channel, deployment);
    this.#work();
  }

  /** Others of the channel were cancelled: what has not changed anything yet ends. */
  #only(channel: CloudDeployment['channel'], id: string | undefined): void {
    const waiting = this.#waiting.get(channel);
    if (waiting !== undefined && waiting.id !== id) this.#waiting.delete(channel);
    if (this.#current?.channel === channel && this.#current.id !== id) this.#cancel?.abort(new Canceled());
  }

  #work(): void {
    this.#working ??= this.#workOff().finally(() => {
      this.#working = undefined;
      if (this.#waiting.size > 0 && !this.#abort.signal.aborted) this.#work();
    });
  }

  async #workOff(): Promise<void> {
    for (let resumed = this.#current !== undefined; ; resumed = false) {
      const next = this.#current ?? this.#waiting.values().next().value;
      if (next === undefined || this.#abort.signal.aborted) return;
      this.#waiting.delete(next.channel);
      try {
        await this.#do(next, resumed);
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#ports.log('error', 'a deployment of the cloud cannot be carried out', { reason: String(error) });
        this.#current = undefined;
        return;
      }
    }
  }

  async #do(deployment: CloudDeployment, resumed: boolean): Promise<void> {
    const { channel, document, id } = deployment;
    const { configurationArn = id, deploymentId = id } = namesOf(document);
    const head = { channel, id, configurationArn, errorStack: [], errorTypes: [] };
    this.#cancel = new AbortController();
    this.#current = deployment;
    if (!resumed) this.#reports.push({ ...head, status: 'IN_PROGRESS' });
    this.#save();
    this.#send();
    const report = await this.#carryOut(deployment, resumed, head);
    // A nucleus that ends leaves it to the next one.
    this.#abort.signal.throwIfAborted();
    this.#current = undefined;
    if (report !== undefined) this.#reports.push(report);
    this.#save();
    this.#send();
    if (report !== undefined) this.#ports.onEnd(report, deploymentId);
  }

  /** @returns undefined for one that was cancelled as a job, of which no report is wanted */
  async #carryOut(
    { channel, document }: CloudDeployment,
    resumed: boolean,
    head: Omit<DeploymentReport, 'status'>,
  ): Promise<DeploymentReport | undefined> {
    const signal = AbortSignal.any([this.#abort.signal, (this.#cancel as AbortController).signal]);
    try {
      const plan = planOf(document);
      const newer = channel === 'job' ? this.#newerThan(plan) : undefined;
      if (newer !== undefined) return { ...head, status: 'REJECTED', detailedStatus: 'REJECTED', failureCause: newer };
      const groups = await this.#groups(signal);
      const known = groups?.map((name) => `thinggroup/${name}`);
      const outcome = await this.#ports.apply(
        { ...plan, ...(known !== undefined && { groups: known }) },
        resumed,
        signal,
      );
      return reportOf(head, outcome);
    } catch (error) {
      if (error instanceof Canceled) return channel === 'job' ? undefined : { ...head, status: 'CANCELED' };
      if (!(error instanceof NucleusError) || error.code === 'STOPPED') throw error;
      return reportOf(head, {
        deploymentId: '',
        status: 'FAILED_NO_STATE_CHANGE',
        reason: error.message,
        code: error.code,
      });
    }
  }

  /** Undefined: the core may not ask, and groups that it has left are not noticed (nucleus, `DefaultDeploymentTask.java`). */
  async #groups(signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { cloud, log } = this.#ports;
    try {
      return await persist(() => cloud.thingGroups(signal), this.#ports, signal);
    } catch (error) {
      if (!(error instanceof CoreNotAllowed)) throw error;
      log('warn', 'thing groups that this core has left cannot be noticed', { reason: error.message });
      return undefined;
    }
  }

  /** Nucleus, `DeploymentService.checkIfDeploymentReceivedIsStale`. */
  #newerThan({ configurationArn, creationTimestamp = 0, target }: PlannedDeployment): string | undefined {
    const last = this.#ports.targets.all()[target];
    if (last === undefined || creationTimestamp >= last.creationTimestamp) return undefined;
    return `Nucleus has a newer deployment for '${target}' target deployed by '${last.configurationArn}'. Rejecting the deployment from '${configurationArn}'`;
  }

  #save(): void {
    const current = this.#current;
    writeStateFile(this.#file, { ...(current !== undefined && { current }), reports: this.#reports });
  }

  #send(): void {
    this.#reporting ??= this.#sendAll().finally(() => {
      this.#reporting = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    const { clock, connection, log } = this.#ports;
    for (let next = this.#reports[0]; next !== undefined && connection.connected; next = this.#reports[0]) {
      if (this.#abort.signal.aborted) return;
      try {
        await (next.channel === 'job' ? this.#jobs : this.#shadow).report(next);
      } catch (error) {
        log('info', 'the cloud cannot be told of a deployment', { status: next.status, reason: String(error) });
        const timer = clock.after(REPORT_RETRY, () => this.#send());
        this.#abort.signal.addEventListener('abort', () => timer.cancel(), { once: true });
        return;
      }
      this.#reports.shift();
      this.#save();
      // A job that was offered again while its end was not known is asked for anew.
      if (next.channel === 'job' && next.status !== 'IN_PROGRESS') this.#jobs.ask();
    }
  }
}

class Canceled extends Error {
  override readonly name = 'Canceled';
}
