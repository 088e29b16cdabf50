import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import semver from 'semver';
import { CloudUnreachable, CoreNotAllowed, type GreengrassCloud } from '../cloud/greengrass/greengrass-cloud.ts';
import { NucleusError } from '../nucleus-error.ts';
import type { MemoryConnection } from './memory-connection.ts';

const PREFIX = '$aws/things/core-1';
const GROUP = 'arn:aws:greengrass:eu-west-1:123456789012:configuration:thinggroup/';

export interface JobUpdate {
  readonly jobId: string;
  readonly status: string;
  readonly statusDetails: Readonly<Record<string, string>>;
}

/** Greengrass, jobs and the deployment shadow as a core sees them, in memory. For tests. */
export class TestCloud implements GreengrassCloud {
  readonly updates: JobUpdate[] = [];
  readonly health: Record<string, unknown>[] = [];
  readonly reported: Record<string, unknown>[] = [];
  readonly downloads: string[] = [];
  reachable = true;
  allowed = true;
  groups = ['cores'];
  /** Waits here before a download. */
  beforeDownload: () => Promise<void> = async () => {};
  readonly #recipes: { name: string; version: string; text: string }[] = [];
  readonly #artifacts = new Map<string, string>();
  readonly #jobs: { jobId: string; status: string; jobDocument: unknown }[] = [];
  readonly #shadow: { desired?: object; reported?: object } = {};
  readonly #connection: MemoryConnection;
  #deployments = 0;

  constructor(connection: MemoryConnection) {
    this.#connection = connection;
    connection.onPublish = (topic, payload) => setImmediate(() => this.#answer(topic, JSON.parse(payload)));
  }

  /** @param run script of `Run` */
  component(name: string, version: string, run: string, more: Record<string, unknown> = {}): void {
    const recipe = {
      RecipeFormatVersion: '2020-01-25',
      ComponentName: name,
      ComponentVersion: version,
      Manifests: [{ Lifecycle: { Run: run } }],
      ...more,
    };
    this.#recipes.push({ name, version, text: JSON.stringify(recipe) });
  }

  artifact(uri: string, content: string): void {
    this.#artifacts.set(uri, content);
  }

  /** A job of a deployment to a thing group. @returns its id */
  deploy(components: Record<string, object>, more: Record<string, unknown> = {}, group = 'cores'): string {
    const number = ++this.#deployments;
    const jobId = `job-${number}`;
    const jobDocument = this.#document(`${GROUP}${group}:${number}`, components, more);
    this.#jobs.push({ jobId, status: 'QUEUED', jobDocument });
    this.#notify();
    return jobId;
  }

  deployToThing(components: Record<string, object>): string {
    const number = ++this.#deployments;
    const arn = `arn:aws:greengrass:eu-west-1:123456789012:configuration:thing/core-1:${number}`;
    this.#shadow.desired = { fleetConfig: JSON.stringify(this.#document(arn, components)), desiredStatus: 'SUCCEEDED' };
    this.#say(`${PREFIX}/shadow/name/AWSManagedGreengrassV2Deployment/update/accepted`, { state: this.#shadow });
    return arn;
  }

  /** As CancelJob with force does. */
  cancel(jobId: string): void {
    const job = this.#jobs.find((one) => one.jobId === jobId);
    if (job !== undefined) job.status = 'CANCELED';
    this.#notify();
  }

  statuses(jobId: string): string[] {
    return this.updates.filter((update) => update.jobId === jobId).map(({ status }) => status);
  }

  async resolve(name: string, requirements: Readonly<Record<string, string>>): Promise<string | undefined> {
    this.#demandReachable();
    if (!this.allowed) throw new CoreNotAllowed('the policy of this core does not allow it');
    return this.#recipes
      .filter((one) => one.name === name)
      .filter(({ version }) => Object.values(requirements).every((range) => semver.satisfies(version, range)))
      .sort((a, b) => semver.rcompare(a.version, b.version))[0]?.text;
  }

  async thingGroups(): Promise<readonly string[]> {
    this.#demandReachable();
    return this.groups;
  }

  async download(uri: string, file: string, signal: AbortSignal): Promise<void> {
    await this.beforeDownload();
    signal.throwIfAborted();
    this.#demandReachable();
    const content = this.#artifacts.get(uri);
    if (content === undefined) throw new NucleusError('ARTIFACT_INVALID', `${uri} cannot be downloaded: AccessDenied`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    this.downloads.push(uri);
  }

  #document(configurationArn: string, components: Record<string, object>, more: Record<string, unknown> = {}) {
    return {
      deploymentId: `deployment-${this.#deployments}`,
      configurationArn,
      components,
      creationTimestamp: 1_000 + this.#deployments,
      failureHandlingPolicy: 'ROLLBACK',
      componentUpdatePolicy: { timeout: 60, action: 'NOTIFY_COMPONENTS' },
      configurationValidationPolicy: { timeout: 60 },
      ...more,
    };
  }

  #answer(topic: string, request: Record<string, unknown>): void {
    const { clientToken } = request;
    if (topic === `${PREFIX}/greengrassv2/health/json`) this.health.push(request);
    if (topic === `${PREFIX}/jobs/$next/get`) {
      const execution =
        this.#jobs.find(({ status }) => status === 'IN_PROGRESS') ??
        this.#jobs.find(({ status }) => status === 'QUEUED');
      this.#say(`${topic}/accepted`, { clientToken, ...(execution !== undefined && { execution }) });
    }
    const jobId = /\/jobs\/([^/]+)\/update$/.exec(topic)?.[1];
    const job = this.#jobs.find((one) => one.jobId === jobId);
    if (job !== undefined) this.#update(topic, job, request);
    const verb = /\/shadow\/name\/AWSManagedGreengrassV2Deployment\/(get|update)$/.exec(topic)?.[1];
    if (verb === 'update') {
      this.#shadow.reported = (request.state as { reported: object }).reported;
      this.reported.push(this.#shadow.reported as Record<string, unknown>);
    }
    if (verb !== undefined) this.#say(`${topic}/accepted`, { clientToken, state: this.#shadow });
  }

  #update(topic: string, job: { status: string; jobId: string }, request: Record<string, unknown>): void {
    const { clientToken } = request;
    if (job.status !== 'QUEUED' && job.status !== 'IN_PROGRESS') {
      this.#say(`${topic}/rejected`, { clientToken, code: 'InvalidStateTransition', message: 'it has ended' });
      return;
    }
    job.status = String(request.status);
    this.updates.push({
      jobId: job.jobId,
      status: job.status,
      statusDetails: request.statusDetails as JobUpdate['statusDetails'],
    });
    this.#say(`${topic}/accepted`, { clientToken });
    if (job.status !== 'IN_PROGRESS') this.#notify();
  }

  #notify(): void {
    this.#say(`${PREFIX}/jobs/notify`, {});
  }

  #say(topic: string, message: object): void {
    if (this.#connection.connected) this.#connection.deliver(topic, JSON.stringify(message));
  }

  #demandReachable(): void {
    if (!this.reachable) throw new CloudUnreachable('no route');
  }
}
