import { once } from 'node:events';
import { Agent, get } from 'node:https';
import { CreateJobCommand, DescribeJobCommand, IoTClient } from '@aws-sdk/client-iot';
import { iot, iotjobs, mqtt5 } from 'aws-iot-device-sdk-v2';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

const THING = '${iot:Connection.Thing.ThingName}';
const ROLE = 'arn:aws:iam::123456789012:role/JobDownloads';
const FIRMWARE = Buffer.from('the new firmware');

/** A device may connect as itself and use its own jobs, over MQTT and over HTTPS. */
const OWN_JOBS = [
  { Effect: 'Allow', Action: 'iot:Connect', Resource: `${ARN}client/${THING}` },
  { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: `${ARN}topic/$aws/things/${THING}/jobs/*` },
  { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${ARN}topicfilter/$aws/things/${THING}/jobs/*` },
  { Effect: 'Allow', Action: 'iotjobsdata:*', Resource: `${ARN}thing/pump` },
];

let cloud: DataPlaneCloud;
let pump: TestDevice;
let control: IoTClient;
let agent: Agent;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
  const { https } = cloud;
  https.cloud.ports.provide('endpoints', {
    apiUrl: `https://localhost:${https.port}`,
    mqttHost: 'localhost',
    mqttPort: cloud.mqttPort,
    caFile: cloud.caFile(),
  });
  await https.cloud.use(createS3Plugin).start?.();
  pump = await cloud.device('pump', OWN_JOBS);
  await cloud.device('valve', OWN_JOBS);
  control = new IoTClient(https.client());
  agent = new Agent({ ca: https.identity.caCertificatePem });
  const call = (service: 's3' | 'iam', operation: string, input: object) =>
    https.cloud.api.call(ADMINISTRATOR, service, operation, input);
  await call('s3', 'CreateBucket', { Bucket: 'firmware' });
  await call('s3', 'PutObject', { Bucket: 'firmware', Key: 'pump/2.0 (final).bin', Body: FIRMWARE });
  await call('s3', 'PutObject', { Bucket: 'firmware', Key: 'secret.bin', Body: FIRMWARE });
  await call('iam', 'CreateRole', {
    RoleName: 'JobDownloads',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'iot.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'aws:SourceAccount': '123456789012' },
          ArnLike: { 'aws:SourceArn': 'arn:aws:iot:*:123456789012:job/*' },
        },
      },
    }),
  });
  await call('iam', 'PutRolePolicy', {
    RoleName: 'JobDownloads',
    PolicyName: 'downloads',
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::firmware/pump/*' },
    }),
  });
});

afterAll(async () => {
  control?.destroy();
  agent?.destroy();
  await cloud?.close();
});

const placeholder = (key: string): string =>
  `\${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/firmware/${key}}`;

const createJob = (jobId: string, key: string, thingName = 'pump') =>
  control.send(
    new CreateJobCommand({
      jobId,
      targets: [`${ARN}thing/${thingName}`],
      document: JSON.stringify({ operation: 'install', url: placeholder(key) }),
      presignedUrlConfig: { roleArn: ROLE, expiresInSec: 60 },
    }),
  );

function download(url: string): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    }).on('error', reject);
  });
}

// source: developer guide, jobs-workflow-device-online, and create-manage-jobs, "Presigned URLs"
test("the device SDK's jobs client is notified of a job, downloads its file by the presigned URL, and succeeds", async () => {
  const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
    'localhost',
    pump.certificatePem,
    pump.privateKeyPem,
  );
  builder.withPort(cloud.mqttPort).withCertificateAuthorityFromPath(undefined, cloud.caFile());
  builder.withConnectProperties({ clientId: 'pump', keepAliveIntervalSeconds: 60 });
  const client = new mqtt5.Mqtt5Client(builder.build());
  const connected = once(client, 'connectionSuccess');
  client.start();
  await connected;
  const jobs = iotjobs.IotJobsClientv2.newFromMqtt5(client, {
    maxRequestResponseSubscriptions: 6,
    maxStreamingSubscriptions: 4,
    operationTimeoutInSeconds: 20,
  });
  const thingName = 'pump';
  const nexts: iotjobs.model.NextJobExecutionChangedEvent[] = [];
  const lists: iotjobs.model.JobExecutionsChangedEvent[] = [];
  const nextStream = jobs.createNextJobExecutionChangedStream({ thingName });
  const listStream = jobs.createJobExecutionsChangedStream({ thingName });
  let subscribed = 0;
  for (const stream of [nextStream, listStream]) stream.on('subscriptionStatus', () => void subscribed++);
  nextStream.on('incomingPublish', ({ message }) => void nexts.push(message));
  listStream.on('incomingPublish', ({ message }) => void lists.push(message));
  nextStream.open();
  listStream.open();
  await until(() => subscribed === 2, 'the subscriptions');

  await createJob('install', 'pump/2.0 (final).bin');
  await until(() => nexts.length === 1 && lists.length === 1, 'the notifications');
  expect(nexts[0]?.execution).toMatchObject({ jobId: 'install', status: 'QUEUED', versionNumber: 1 });
  expect(lists[0]?.jobs).toMatchObject({ QUEUED: [{ jobId: 'install', executionNumber: 1 }] });

  const pending = await jobs.getPendingJobExecutions({ thingName });
  expect(pending.queuedJobs).toMatchObject([{ jobId: 'install' }]);
  const { execution } = await jobs.startNextPendingJobExecution({ thingName, stepTimeoutInMinutes: 5 });
  expect(execution).toMatchObject({ jobId: 'install', status: 'IN_PROGRESS', versionNumber: 2 });
  const { url } = (execution?.jobDocument ?? {}) as { url: string };
  expect(url).toContain('X-Amz-Expires=60');
  expect(await download(url)).toEqual({ status: 200, body: FIRMWARE });
  expect((await download(url.replace('2.0', '3.0'))).status).toBe(403);

  const late = await jobs
    .updateJobExecution({ thingName, jobId: 'install', status: iotjobs.model.JobStatus.SUCCEEDED, expectedVersion: 1 })
    .catch((error: unknown) => error);
  expect(late).toMatchObject({ modeledError: { code: 'VersionMismatch', executionState: { versionNumber: 2 } } });
  await jobs.updateJobExecution({
    thingName,
    jobId: 'install',
    status: iotjobs.model.JobStatus.SUCCEEDED,
    statusDetails: { installed: '2.0' },
    expectedVersion: 2,
  });
  await until(() => nexts.length === 2, 'the notification that nothing is next');
  expect(nexts[1]?.execution).toBeUndefined();
  const { job } = await control.send(new DescribeJobCommand({ jobId: 'install' }));
  expect(job).toMatchObject({ status: 'COMPLETED', jobProcessDetails: { numberOfSucceededThings: 1 } });

  nextStream.close();
  listStream.close();
  jobs.close();
  const stopped = once(client, 'stopped');
  client.stop();
  await stopped;
  client.close();
});

// source: developer guide, create-manage-jobs (the role "grants permission to download files"; a URL is made when a device asks)
test('A presigned URL opens what the role may read, is made anew at each request, and is not in GetJobDocument', async () => {
  await createJob('secret', 'secret.bin', 'valve');
  const call = <O>(operation: string, input: object) =>
    cloud.https.cloud.api.call<O>(ADMINISTRATOR, 'iot-jobs-data-plane', operation, input);
  const urlOf = async (): Promise<string> => {
    const { execution } = await call<{ execution: { jobDocument: string } }>('DescribeJobExecution', {
      jobId: 'secret',
      thingName: 'valve',
    });
    return JSON.parse(execution.jobDocument).url;
  };
  const first = await urlOf();
  expect((await download(first)).status).toBe(403);
  expect(await urlOf()).not.toBe(first);
  const { document } = await cloud.iot<{ document: string }>('GetJobDocument', { jobId: 'secret' });
  expect(JSON.parse(document).url).toBe(placeholder('secret.bin'));
});

// source: developer guide, jobs-devices, "Using HTTP TLS", and iot-data-plane-jobs (iotjobsdata: actions of AWS IoT policies)
test('A device works on its jobs over HTTPS with its certificate, and on no others', async () => {
  await createJob('https', 'pump/2.0 (final).bin');
  const pending = await cloud.ask(pump, 'GET', '/things/pump/jobs');
  expect(pending.status).toBe(200);
  expect(JSON.parse(pending.body).queuedJobs).toMatchObject([{ jobId: 'https', versionNumber: 1 }]);
  const started = await cloud.ask(pump, 'PUT', '/things/pump/jobs/$next', '{"statusDetails":{"step":"1"}}');
  expect(JSON.parse(started.body).execution).toMatchObject({ jobId: 'https', status: 'IN_PROGRESS' });
  expect(typeof JSON.parse(started.body).execution.jobDocument).toBe('string');
  const updated = await cloud.ask(
    pump,
    'POST',
    '/things/pump/jobs/https',
    JSON.stringify({ status: 'SUCCEEDED', includeJobExecutionState: true }),
  );
  expect(JSON.parse(updated.body)).toMatchObject({ executionState: { status: 'SUCCEEDED', versionNumber: 3 } });
  const described = await cloud.ask(pump, 'GET', '/things/pump/jobs/https');
  expect(described).toMatchObject({ status: 410, errorType: 'TerminalStateException' });
  const foreign = await cloud.ask(pump, 'GET', '/things/valve/jobs');
  expect(foreign.status).toBe(403);
});
