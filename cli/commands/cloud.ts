import { resolve } from 'node:path';
import { createProgress } from '../output/progress.ts';
import { forkCloud } from '../processes/cloud-process.ts';

export interface CloudOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly mqttPort: number;
  readonly assembly?: string;
  readonly account?: string;
  readonly region?: string;
}

/** `fleetwright cloud`: the local cloud alone, empty or with an assembly, until Ctrl-C. */
export async function cloud(options: CloudOptions): Promise<void> {
  const progress = createProgress(process.stderr, false);
  const interrupted = new Promise<void>((done) => {
    process.once('SIGINT', () => done());
    process.once('SIGTERM', () => done());
  });
  const child = await forkCloud();
  try {
    const started = child.next('started');
    child.send({
      kind: 'start',
      options: {
        dataDirectory: resolve(options.dataDir),
        port: options.port,
        mqttPort: options.mqttPort,
        ...(options.account !== undefined && { accountId: options.account }),
        ...(options.region !== undefined && { region: options.region }),
      },
    });
    const { description } = await started;
    progress.done(
      `local cloud listening: ${description.apiUrl} and mqtts://${description.mqttHost}:${description.mqttPort}`,
    );
    if (options.assembly !== undefined) {
      child.on('report', (report) => {
        if (report.kind !== 'step' || report.step.action === 'unchanged') return;
        progress.note(`${report.step.action} ${report.step.stackName}.${report.step.logicalId} (${report.step.type})`);
      });
      const deployed = child.next('deployed');
      child.send({ kind: 'deploy', assembly: resolve(options.assembly) });
      await deployed;
      progress.done('deployed');
    }
    process.stdout.write(
      [
        '# settings for the AWS CLI and SDKs',
        `export AWS_ENDPOINT_URL=${description.apiUrl}`,
        `export AWS_REGION=${description.region} AWS_DEFAULT_REGION=${description.region}`,
        `export AWS_SHARED_CREDENTIALS_FILE=${description.credentialsFile}`,
        `export AWS_CA_BUNDLE=${description.caFile}`,
        `export NODE_EXTRA_CA_CERTS=${description.caFile}`,
        '# for the device SDKs, which take their CAs from here',
        `export SSL_CERT_FILE=${description.caFile}`,
        `# the same CA for other machines: ${description.apiUrl}/_fleetwright/ca.pem`,
        '',
      ].join('\n'),
    );
    const gone = new Promise<void>((_, reject) => child.once('exit', () => reject(new Error('the local cloud ended'))));
    await Promise.race([interrupted, gone]);
  } finally {
    await child.end({ kind: 'stop' });
  }
}
