import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudDescription, CloudWarning, DeployStep, MeterName } from '../local-cloud/src/index.ts';
import { Failure } from './failure.ts';
import { type PlatformOutputs, platformOutputs } from './platform-outputs.ts';
import { type CloudProcess, forkCloud } from './processes/cloud-process.ts';
import { synthesize } from './processes/synthesize.ts';
import { type AwsClientSettings, localClientSettings } from './running-cloud.ts';

export interface LaunchOptions {
  /** Absolute path. */
  readonly dataDirectory: string;
  readonly port: number;
  readonly mqttPort: number;
  /** A synthesized assembly; without it the app is synthesized below the data directory. */
  readonly assembly?: string | undefined;
  /** Synthesize with another hot store than the configured one. */
  readonly hotStore?: string | undefined;
  /** Synthesize with Greengrass cores: settings over the configured ones. */
  readonly edge?: object | undefined;
  readonly publishesPerSecondPerConnection?: number;
  onListening?(description: CloudDescription): void;
  onStep?(step: DeployStep): void;
  /** Something that an operator should see, such as a call that IAM denied. */
  onWarning?(warning: CloudWarning): void;
}

/** A local cloud with the platform's stacks in it. */
export interface LaunchedPlatform {
  readonly cloud: CloudProcess;
  readonly description: CloudDescription;
  readonly outputs: PlatformOutputs;
  readonly settings: AwsClientSettings;
  meters(): Promise<Partial<Record<MeterName, number>>>;
  /** Rejects when the cloud ends by itself or says that it cannot go on; otherwise stays pending. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Synthesizes and starts the cloud side by side, then deploys. @throws Failure; nothing is left running */
export async function launchPlatform(options: LaunchOptions): Promise<LaunchedPlatform> {
  const { dataDirectory, mqttPort, port } = options;
  const cloud = await forkCloud();
  try {
    const assembly = options.assembly ?? join(dataDirectory, 'cdk.out');
    const started = cloud.next('started').then(({ description }) => options.onListening?.(description));
    cloud.on('report', (report) => {
      if (report.kind === 'step') options.onStep?.(report.step);
      if (report.kind === 'warning') options.onWarning?.(report.warning);
    });
    const relaxed = options.publishesPerSecondPerConnection;
    cloud.send({
      kind: 'start',
      options: {
        dataDirectory,
        port,
        mqttPort,
        ...(relaxed !== undefined && { relax: { publishesPerSecondPerConnection: relaxed } }),
      },
    });
    if (options.assembly === undefined) {
      mkdirSync(assembly, { recursive: true });
      await Promise.all([started, synthesize(assembly, { hotStore: options.hotStore, edge: options.edge })]);
    } else await started;
    const deployed = cloud.next('deployed');
    cloud.send({ kind: 'deploy', assembly });
    const { description, deployedStacks } = await deployed;
    const deployedNow = {
      ...description,
      stacks: description.stacks.filter(({ stackName }) => deployedStacks.includes(stackName)),
    };
    return {
      cloud,
      description,
      outputs: platformOutputs(deployedNow),
      settings: localClientSettings(description),
      failed: failureOf(cloud),
      async meters() {
        const answer = cloud.next('meters');
        cloud.send({ kind: 'meters' });
        return (await answer).meters;
      },
      stop: () => cloud.end({ kind: 'stop' }),
    };
  } catch (error) {
    await cloud.end({ kind: 'stop' });
    throw error;
  }
}

function failureOf(cloud: CloudProcess): Promise<never> {
  const failed = new Promise<never>((_resolve, reject) => {
    cloud.on('report', (report) => {
      if (report.kind === 'failed') reject(new Failure(report.message));
    });
    cloud.once('exit', (code, lastWords) =>
      reject(new Failure(`the local cloud ended unexpectedly (exit code ${code})\n${lastWords}`)),
    );
  });
  failed.catch(() => {});
  return failed;
}
