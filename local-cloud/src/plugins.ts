import type { BrokerLimits } from './broker/limits.ts';
import { type BrokerPlugin, createBrokerPlugin } from './broker/plugin.ts';
import type { CloudContext, PluginFactory } from './core/plugin.ts';
import { hostInThread } from './core/threads/host-in-thread.ts';
import type { ThreadOptions } from './core/threads/service-thread.ts';
import { createRulesPlugin } from './rules/plugin.ts';
import { createAcmPlugin } from './services/acm/plugin.ts';
import { createAthenaPlugin } from './services/athena/plugin.ts';
import { createCloudformationPlugin } from './services/cloudformation/plugin.ts';
import { createCloudwatchPlugin } from './services/cloudwatch/plugin.ts';
import { createCloudwatchLogsPlugin } from './services/cloudwatch-logs/plugin.ts';
import { createDynamodbPlugin } from './services/dynamodb/plugin.ts';
import { createEventbridgePlugin } from './services/eventbridge/plugin.ts';
import { createFirehosePlugin } from './services/firehose/plugin.ts';
import { createGluePlugin } from './services/glue/plugin.ts';
import { createGreengrassv2Plugin } from './services/greengrassv2/plugin.ts';
import { createIamPlugin } from './services/iam/plugin.ts';
import { createIotPlugin } from './services/iot/plugin.ts';
import { createIotDataPlanePlugin } from './services/iot-data-plane/plugin.ts';
import { createKinesisPlugin } from './services/kinesis/plugin.ts';
import { createKmsPlugin } from './services/kms/plugin.ts';
import { createLambdaPlugin } from './services/lambda/plugin.ts';
import { createS3Plugin } from './services/s3/plugin.ts';
import { createSecretsManagerPlugin } from './services/secrets-manager/plugin.ts';
import { createSfnPlugin } from './services/sfn/plugin.ts';
import { createSignerPlugin } from './services/signer/plugin.ts';
import { createSnsPlugin } from './services/sns/plugin.ts';
import { createSqsPlugin } from './services/sqs/plugin.ts';
import { createStsPlugin } from './services/sts/plugin.ts';
import { createTimestreamPlugin } from './services/timestream/plugin.ts';
import { createTimestreamScheduledPlugin } from './services/timestream/scheduled/plugin.ts';

export interface PluginOptions {
  readonly host: string;
  readonly mqttPort: number;
  readonly relax: Relaxations;
  /** What makes a plugin run on a thread of its own, by its name; absent: it shares the cloud's thread. */
  readonly threads: Readonly<Record<string, ThreadOptions>>;
}

/** AWS limits that a cloud relaxes, as AWS does on request. */
export interface Relaxations {
  readonly publishesPerSecondPerConnection?: number;
  /** Limits of the message broker, each by its name. */
  readonly broker?: Partial<BrokerLimits>;
}

/**
 * Every service, in order of start: what others stand on first, the broker last, so that no device speaks to a cloud
 * that is half up. Stop goes the other way.
 */
export function pluginFactories(options: PluginOptions): {
  factories: readonly PluginFactory[];
  boundMqttPort: () => number;
} {
  let broker: BrokerPlugin | undefined;
  const { publishesPerSecondPerConnection } = options.relax;
  const { timestream } = options.threads;
  const brokerFactory = createBrokerPlugin({
    host: options.host,
    port: options.mqttPort,
    ...options.relax.broker,
    ...(publishesPerSecondPerConnection !== undefined && { publishesPerSecond: publishesPerSecondPerConnection }),
  });
  return {
    factories: [
      createIamPlugin,
      createStsPlugin,
      createCloudformationPlugin,
      createCloudwatchPlugin,
      createCloudwatchLogsPlugin,
      createKmsPlugin,
      createAcmPlugin,
      createSecretsManagerPlugin,
      createDynamodbPlugin,
      createS3Plugin,
      createSignerPlugin,
      createSqsPlugin,
      createSnsPlugin,
      createGluePlugin,
      createAthenaPlugin,
      createFirehosePlugin,
      createEventbridgePlugin,
      createKinesisPlugin,
      timestream === undefined ? createTimestreamPlugin : hostInThread(createTimestreamPlugin, timestream),
      createTimestreamScheduledPlugin,
      createLambdaPlugin,
      createSfnPlugin,
      createIotPlugin,
      createIotDataPlanePlugin,
      createGreengrassv2Plugin,
      createRulesPlugin,
      (context: CloudContext) => {
        broker = brokerFactory(context);
        return broker;
      },
    ],
    boundMqttPort: () => broker?.port ?? options.mqttPort,
  };
}
