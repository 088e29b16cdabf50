import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { InvocationRequest, InvocationResponse } from '@aws-sdk/client-lambda';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { Credentials } from '../../local-cloud/src/core/iam/authorizer.ts';
import type { Log } from '../../local-cloud/src/core/log.ts';
import type { ServicePlugin } from '../../local-cloud/src/core/plugin.ts';
import type { ResourceProvider, ResourceState } from '../../local-cloud/src/core/resources.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { createLambdaPlugin } from '../../local-cloud/src/services/lambda/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

export const ROLE = 'arn:aws:iam::123456789012:role/function-role';

export interface Answer {
  readonly response: InvocationResponse;
  // biome-ignore lint/suspicious/noExplicitAny: what a function answers is for its test to know
  readonly payload: any;
}

/** The real Lambda, SQS and CloudWatch Logs on one data directory; functions are small bundles written for a test. */
export class LambdaCloud {
  readonly cloud: TestCloud<ManualClock>;
  readonly clock: ManualClock;
  readonly directory: string;
  /** Entries of the cloud's own log. */
  readonly reports: { level: string; message: string; fields?: Record<string, unknown> }[] = [];
  readonly lambda: ServicePlugin;
  readonly #files: string;
  #bundles = 0;

  constructor(options: { directory?: string; clock?: ManualClock } = {}) {
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), 'fleetwright-lambda-'));
    this.#files = mkdtempSync(join(tmpdir(), 'fleetwright-bundles-'));
    this.clock = options.clock ?? new ManualClock();
    this.cloud = createTestCloud({ clock: this.clock, directory: this.directory });
    const log: Log = (level, message, fields) => void this.reports.push({ level, message, fields: fields ?? {} });
    Object.assign(this.cloud, { log });
    this.cloud.ports.provide('endpoints', {
      apiUrl: 'https://localhost:4566',
      mqttHost: '',
      mqttPort: 0,
      caFile: '',
    });
    const credentials: Credentials = { accessKeyId: 'ASIATEST', secretAccessKey: 'secret', sessionToken: 'token' };
    this.cloud.ports.provide('credentials', {
      issue: () => credentials,
      administrator: () => credentials,
      find: () => undefined,
    });
    this.cloud.use(createCloudwatchLogsPlugin);
    this.cloud.use(createSqsPlugin);
    this.lambda = this.cloud.use(createLambdaPlugin);
  }

  async start(): Promise<this> {
    await this.lambda.start?.();
    return this;
  }

  async close(keep = false): Promise<void> {
    await this.cloud.close();
    rmSync(this.#files, { recursive: true, force: true });
    if (!keep) rmSync(this.directory, { recursive: true, force: true });
  }

  /** Writes a bundle and answers its directory. */
  bundle(files: Record<string, string>): string {
    const directory = join(this.#files, String(this.#bundles++));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    return directory;
  }

  provider(type: string): ResourceProvider {
    const found = this.lambda.resources?.find((provider) => provider.type === type);
    if (found === undefined) throw new Error(`no provider of ${type}`);
    return found;
  }

  /** Creates a function from source text (`index.js`) or files, as CloudFormation would. */
  function(source: string | Record<string, string>, properties: object = {}, name = 'fn'): Promise<ResourceState> {
    const directory = this.bundle(typeof source === 'string' ? { 'index.js': source } : source);
    return this.provider('AWS::Lambda::Function').create(
      {
        FunctionName: name,
        Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: ROLE,
        ...properties,
      },
      testScope('Fn', { 'code.zip': directory }),
    );
  }

  call<O>(operation: string, input: object, service: 'lambda' | 'sqs' | 'cloudwatch-logs' = 'lambda'): Promise<O> {
    return this.cloud.dispatcher.call<O>(ADMINISTRATOR, service, operation, input);
  }

  async invoke(event: unknown = {}, more: Partial<InvocationRequest> = {}): Promise<Answer> {
    const input = { FunctionName: 'fn', Payload: Buffer.from(JSON.stringify(event)), ...more };
    const response = await this.call<InvocationResponse>('Invoke', input);
    const text = response.Payload === undefined ? 'null' : Buffer.from(response.Payload).toString();
    return { response, payload: JSON.parse(text) };
  }

  async queue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
    return (await this.call<{ QueueUrl: string }>('CreateQueue', { QueueName, Attributes }, 'sqs')).QueueUrl;
  }
}

/** Lets the clock run, beside the real time that processes take, until `work` has settled. */
export async function outlast<T>(clock: ManualClock, work: Promise<T>, step = 100): Promise<T> {
  let settled = false;
  const end = (): void => {
    settled = true;
  };
  work.then(end, end);
  while (!settled) {
    await clock.advance(step);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return work;
}

/** Waits in real time, because functions run in real processes, until `check` holds. */
export async function until(check: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await check())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
