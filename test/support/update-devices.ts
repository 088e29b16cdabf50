import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateJobCommand,
  CreateStreamCommand,
  DescribeJobExecutionCommand,
  DescribeThingCommand,
  IoTClient,
  type JobExecution,
} from '@aws-sdk/client-iot';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { FirmwareManifest, TrustedKeySet } from '@fleetwright/contracts';
import {
  keySetOf,
  manifestBytes,
  manifestOf,
  type SigningKey,
  signBytes,
  signingKey,
} from '../../device-client/src/update/testing/firmware-fixture.ts';
import { eventually } from './eventually.ts';
import { LaunchedDevice } from './launched-device.ts';
import type { TestPlatform } from './platform.ts';
import type { UpdateProgramSettings } from './update-program.ts';

const BUCKET = 'update-test-firmware';
const ROLE = 'update-test-downloads';

export type Application = 'works' | 'fails' | 'crashes';

/** Firmware that really runs: a program of some size that starts the agent, or ends at once. */
export function firmwareImage(version: string, application: Application): Buffer {
  const program = pathToFileURL(resolve('test/support/update-program.ts')).href;
  const start =
    application === 'crashes'
      ? 'process.exit(1);'
      : `import(${JSON.stringify(program)}).then(({ runFirmware }) => runFirmware('${version}', '${application}'));`;
  // Ballast that differs from version to version and does not compress: as programs are.
  return Buffer.from(`${start}\n// ${randomBytes(60_000).toString('base64')}\n`);
}

export interface UpdateOrder {
  readonly version: string;
  readonly image: Buffer;
  readonly manifest?: Partial<FirmwareManifest>;
  /** @default the trusted one */
  readonly key?: SigningKey;
  /** What is signed, instead of the manifest. */
  readonly signed?: Buffer;
  /** What is served, instead of the image. */
  readonly served?: Buffer;
  readonly delta?: Buffer;
  /** Offers the files over MQTT, too. */
  readonly stream?: boolean;
}

/** Jobs that order firmware, with presigned URLs of a real bucket, and devices that run it below a real launcher. */
export class UpdateDevices {
  readonly key = signingKey('firmware-1');
  readonly #root = signingKey('root-1', 'ED25519');
  readonly #platform: TestPlatform;
  readonly #iot: IoTClient;
  readonly #s3: S3Client;
  readonly #devices: LaunchedDevice[] = [];
  #roleArn = '';
  #jobs = 0;

  private constructor(platform: TestPlatform) {
    this.#platform = platform;
    this.#iot = new IoTClient(platform.settings);
    this.#s3 = new S3Client({ ...platform.settings, forcePathStyle: true });
  }

  static async create(platform: TestPlatform): Promise<UpdateDevices> {
    const devices = new UpdateDevices(platform);
    const iam = new IAMClient(platform.settings);
    const trust = { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
    const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` };
    const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: document(trust) }),
    );
    devices.#roleArn = Role?.Arn ?? '';
    await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'read', PolicyDocument: document(read) }));
    iam.destroy();
    await devices.#s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return devices;
  }

  /** Starts a device with this firmware, below a launcher as on a gateway. */
  async start(
    serialNumber: string,
    version: string,
    image: Buffer,
    prefer: 'http' | 'stream' = 'http',
    trustedKeys: TrustedKeySet = keySetOf(1, [this.#root], [this.key]),
  ): Promise<UpdateDevice> {
    const { claim, description, directory, outputs } = this.#platform;
    const home = join(directory, 'updates', serialNumber);
    mkdirSync(join(home, 'state'), { recursive: true });
    const settings: UpdateProgramSettings = {
      stateDirectory: join(home, 'state'),
      endpoint: {
        host: description.mqttHost,
        port: description.mqttPort,
        serverCaPem: readFileSync(description.caFile, 'utf8'),
      },
      claim,
      parameters: {
        SerialNumber: serialNumber,
        Site: outputs.Sites.split(',')[0] as string,
        DeviceType: 'pump-station',
      },
      trustedKeys,
      prefer,
    };
    writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
    writeFileSync(join(home, 'factory.image'), image);
    const device = new LaunchedDevice(`fleetwright-dev-pump-station-${serialNumber}`, home, version);
    this.#devices.push(device);
    device.launch();
    const { thingName } = device;
    try {
      await eventually('it is registered', () => this.#iot.send(new DescribeThingCommand({ thingName })), 60_000);
    } catch (error) {
      throw new Error(`${serialNumber} is not registered:\n${device.log().slice(-4_000)}`, { cause: error });
    }
    return device;
  }

  /** Orders firmware by a job of AWS IoT Jobs, and waits for what the device has to say about it. */
  async update(device: UpdateDevice, order: UpdateOrder): Promise<UpdateOutcome> {
    return this.outcome(device, await this.order(device, order));
  }

  /** @returns the id of the job */
  async order({ thingName }: UpdateDevice, order: UpdateOrder): Promise<string> {
    const jobId = `update-${++this.#jobs}`;
    const manifest = manifestOf(order.image, order.version, {
      minimumVersion: '1.0.0',
      issuedAt: Date.now() - 1_000,
      expiresAt: Date.now() + 3_600_000,
      ...order.manifest,
    });
    const bytes = manifestBytes(manifest);
    const stored: [string, Buffer][] = [
      ['manifest', bytes],
      ['image', order.served ?? order.image],
      ...(order.delta === undefined ? [] : [['delta', order.delta] as [string, Buffer]]),
    ];
    for (const [name, Body] of stored) {
      await this.#s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${jobId}/${name}`, Body }));
    }
    if (order.stream === true) await this.#stream(jobId, order.image);
    const url = (name: string) =>
      `\${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/${BUCKET}/${jobId}/${name}}`;
    const document = {
      version: 1,
      nonce: nonceOf(jobId),
      issuedAt: Date.now(),
      expiresAt: Date.now() + 3_600_000,
      operation: 'update',
      campaignId: jobId,
      firmwareVersion: order.version,
      manifest: { url: url('manifest') },
      signatures: [signBytes(order.signed ?? bytes, order.key ?? this.key)],
      image: { url: url('image') },
      deltas: manifest.deltas.map(({ from }) => ({ from, url: url('delta') })),
      ...(order.stream === true && { stream: { streamId: jobId } }),
    };
    const { thingArn } = await this.#iot.send(new DescribeThingCommand({ thingName }));
    await this.#iot.send(
      new CreateJobCommand({
        jobId,
        targets: [thingArn as string],
        document: JSON.stringify(document),
        presignedUrlConfig: { roleArn: this.#roleArn, expiresInSec: 600 },
      }),
    );
    return jobId;
  }

  async outcome(device: UpdateDevice, jobId: string): Promise<UpdateOutcome> {
    try {
      const execution = await eventually(`${jobId} ends`, () => this.#ended(jobId, device.thingName), 120_000);
      const { status = '', statusDetails } = execution;
      return { jobId, nonce: nonceOf(jobId), status, details: statusDetails?.detailsMap ?? {} };
    } catch (error) {
      throw new Error(`${jobId} does not end:\n${device.log().slice(-4_000)}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.stop()));
    this.#iot.destroy();
    this.#s3.destroy();
  }

  async #ended(jobId: string, thingName: string): Promise<JobExecution | undefined> {
    const { execution } = await this.#iot.send(new DescribeJobExecutionCommand({ jobId, thingName }));
    const isOver = !['QUEUED', 'IN_PROGRESS'].includes(execution?.status ?? 'QUEUED');
    return isOver ? execution : undefined;
  }

  /** A stream of an object of its own, so that what came by which way can be told. */
  async #stream(streamId: string, Body: Buffer): Promise<void> {
    const s3Location = { bucket: BUCKET, key: `${streamId}/streamed` };
    await this.#s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: s3Location.key, Body }));
    await this.#iot.send(
      new CreateStreamCommand({ streamId, files: [{ fileId: 0, s3Location }], roleArn: this.#roleArn }),
    );
  }
}

export type UpdateDevice = LaunchedDevice;

function nonceOf(jobId: string): string {
  return createHash('md5').update(jobId).digest('hex');
}

export interface UpdateOutcome {
  readonly jobId: string;
  readonly nonce: string;
  readonly status: string;
  readonly details: Readonly<Record<string, string>>;
}
