import { readFileSync } from 'node:fs';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { localClientSettings } from '../../cli/running-cloud.ts';
import { startLocalCloud } from '../../local-cloud/src/index.ts';
import { Bridge } from './bridge.ts';

/** A cloud on a data directory of its own, with a bridge for clients of plain TCP. */
export interface PahoCloud {
  readonly bridge: Bridge;
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * What the suites ask of their server's configuration: keep-alives of 2 and 5 seconds (AWS's least is 30), and 60 as the
 * longest, which one test expects to be told.
 */
const RELAXED = { minimumKeepAliveSeconds: 1, maximumKeepAliveSeconds: 60 } as const;
/** The suites' name for a topic that nobody may subscribe to. */
const FORBIDDEN = 'test/nosubscribe';

export async function startPahoCloud(dataDirectory: string): Promise<PahoCloud> {
  const cloud = await startLocalCloud({ dataDirectory, port: 0, mqttPort: 0, relax: { broker: RELAXED } });
  const description = cloud.describe();
  const iot = new IoTClient(localClientSettings(description));
  const { certificateArn, certificatePem, keyPair } = await iot.send(
    new CreateKeysAndCertificateCommand({ setAsActive: true }),
  );
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
      { Effect: 'Deny', Action: 'iot:Subscribe', Resource: `arn:aws:iot:*:*:topicfilter/${FORBIDDEN}` },
    ],
  });
  await iot.send(new CreatePolicyCommand({ policyName: 'paho', policyDocument }));
  await iot.send(new AttachPolicyCommand({ policyName: 'paho', target: certificateArn }));
  iot.destroy();
  const bridge = new Bridge({
    host: description.mqttHost,
    port: description.mqttPort,
    ca: readFileSync(description.caFile, 'utf8'),
    certificatePem: certificatePem ?? '',
    privateKeyPem: keyPair?.PrivateKey ?? '',
  });
  const port = await bridge.start();
  return {
    bridge,
    port,
    async stop() {
      await bridge.stop();
      await cloud.stop();
    },
  };
}
