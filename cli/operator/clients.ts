import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { S3Client } from '@aws-sdk/client-s3';
import type { Stage } from './stage.ts';

/** SDK clients of one command, made when asked for and closed together. */
export class StageClients {
  readonly #stage: Stage;
  readonly #open: { destroy(): void }[] = [];
  readonly iot: IoTClient;
  readonly cloudFormation: CloudFormationClient;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.iot = this.of(IoTClient);
    this.cloudFormation = this.of(CloudFormationClient);
  }

  of<C extends { destroy(): void }>(kind: new (settings: Stage['settings']) => C, more: object = {}): C {
    const client = new kind({ ...this.#stage.settings, ...more });
    this.#open.push(client);
    return client;
  }

  /** Buckets of the local cloud stand in the path. */
  s3(): S3Client {
    return this.of(S3Client, this.#stage.place === 'local' ? { forcePathStyle: true } : {});
  }

  /** AWS answers data-plane calls at the account's own endpoint, whose certificate every client knows with `-ATS`. */
  async data(): Promise<IoTDataPlaneClient> {
    if (this.#stage.place === 'local') return this.of(IoTDataPlaneClient);
    const { endpointAddress } = await this.iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
    return this.of(IoTDataPlaneClient, { endpoint: `https://${endpointAddress}` });
  }

  close(): void {
    for (const client of this.#open) client.destroy();
  }
}

/** Runs a command's work with clients that are closed after it. */
export async function withClients<T>(stage: Stage, work: (clients: StageClients) => Promise<T>): Promise<T> {
  const clients = new StageClients(stage);
  try {
    return await work(clients);
  } finally {
    clients.close();
  }
}
