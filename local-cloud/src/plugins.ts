import { type BrokerPlugin, createBrokerPlugin } from './broker/plugin.ts';
import type { CloudContext, PluginFactory } from './core/plugin.ts';
import { createRulesPlugin } from './rules/plugin.ts';
import { createCloudwatchLogsPlugin } from './services/cloudwatch-logs/plugin.ts';
import { createDynamodbPlugin } from './services/dynamodb/plugin.ts';
import { createFirehosePlugin } from './services/firehose/plugin.ts';
import { createIamPlugin } from './services/iam/plugin.ts';
import { createIotPlugin } from './services/iot/plugin.ts';
import { createIotDataPlanePlugin } from './services/iot-data-plane/plugin.ts';
import { createLambdaPlugin } from './services/lambda/plugin.ts';
import { createS3Plugin } from './services/s3/plugin.ts';
import { createSecretsManagerPlugin } from './services/secrets-manager/plugin.ts';
import { createSnsPlugin } from './services/sns/plugin.ts';
import { createSqsPlugin } from './services/sqs/plugin.ts';
import { createStsPlugin } from './services/sts/plugin.ts';
import { createTimestreamPlugin } from './services/timestream/plugin.ts';

export interface PluginOptions {
  readonly host: string;
  readonly mqttPort: number;
  readonly relax: { readonly publishesPerSecondPerConnection?: number };
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
  const brokerFactory = createBrokerPlugin({
    host: options.host,
    port: options.mqttPort,
    ...(publishesPerSecondPerConnection !== undefined && { publishesPerSecond: publishesPerSecondPerConnection }),
  });
  return {
    factories: [
      createIamPlugin,
      createStsPlugin,
      createCloudwatchLogsPlugin,
      createSecretsManagerPlugin,
      createDynamodbPlugin,
      createS3Plugin,
      createSqsPlugin,
      createSnsPlugin,
      createFirehosePlugin,
      createTimestreamPlugin,
      createLambdaPlugin,
      createIotPlugin,
      createIotDataPlanePlugin,
      createRulesPlugin,
      (context: CloudContext) => {
        broker = brokerFactory(context);
        return broker;
      },
    ],
    boundMqttPort: () => broker?.port ?? options.mqttPort,
  };
}
