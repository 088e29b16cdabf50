import {
  DescribeJobExecutionCommand,
  GetPendingJobExecutionsCommand,
  InvalidRequestException,
  InvalidStateTransitionException,
  IoTJobsDataPlaneClient,
  ResourceNotFoundException,
  StartCommandExecutionCommand,
  StartNextPendingJobExecutionCommand,
  TerminalStateException,
  UpdateJobExecutionCommand,
} from '@aws-sdk/client-iot-jobs-data-plane';
import type { Credentials } from '../../local-cloud/src/core/iam/authorizer.ts';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012:';

let https: HttpsCloud;
let jobs: IoTJobsDataPlaneClient;
let sequence = 0;

beforeAll(async () => {
  https = await startHttpsCloud({
    plugins: [
      (context) => {
        context.ports.provide('reservedTopics', { register: () => undefined, find: () => undefined });
        context.ports.provide('broker', {
          publish: () => Promise.resolve(),
          reply: () => undefined,
          disconnect: () => undefined,
          connectedClients: () => [],
          onPresence: () => undefined,
        });
        return createIotPlugin(context);
      },
    ],
  });
  jobs = new IoTJobsDataPlaneClient(https.client());
});

afterAll(async () => {
  jobs.destroy();
  await https.close();
});

const call = <O>(service: 'iot' | 'iam', operation: string, input: object): Promise<O> =>
  https.cloud.api.call(ADMINISTRATOR, service, operation, input);

/** A thing with one queued execution of a job. */
async function thingWithJob(): Promise<{ thingName: string; jobId: string }> {
  const thingName = `thing-${sequence++}`;
  const jobId = `job-of-${thingName}`;
  await call('iot', 'CreateThing', { thingName });
  await call('iot', 'CreateJob', { jobId, targets: [`${ARN}thing/${thingName}`], document: '{"a":1}' });
  return { thingName, jobId };
}

// source: developer guide, jobs-http-device-api
test('A device works through a job with the four operations of the data plane', async () => {
  const { thingName, jobId } = await thingWithJob();
  const pending = await jobs.send(new GetPendingJobExecutionsCommand({ thingName }));
  expect(pending).toMatchObject({ inProgressJobs: [], queuedJobs: [{ jobId, executionNumber: 1, versionNumber: 1 }] });
  const described = await jobs.send(new DescribeJobExecutionCommand({ thingName, jobId: '$next' }));
  expect(described.execution).toMatchObject({ jobId, thingName, status: 'QUEUED', jobDocument: '{"a":1}' });
  const started = await jobs.send(
    new StartNextPendingJobExecutionCommand({ thingName, statusDetails: { step: 'one' }, stepTimeoutInMinutes: 5 }),
  );
  expect(started.execution).toMatchObject({ status: 'IN_PROGRESS', statusDetails: { step: 'one' }, versionNumber: 2 });
  expect(started.execution?.approximateSecondsBeforeTimedOut).toBeGreaterThan(290);
  const updated = await jobs.send(
    new UpdateJobExecutionCommand({
      thingName,
      jobId,
      status: 'SUCCEEDED',
      expectedVersion: 2,
      includeJobExecutionState: true,
      includeJobDocument: true,
    }),
  );
  expect(updated).toMatchObject({
    executionState: { status: 'SUCCEEDED', statusDetails: { step: 'one' }, versionNumber: 3 },
    jobDocument: '{"a":1}',
  });
  const nothing = await jobs.send(new StartNextPendingJobExecutionCommand({ thingName }));
  expect(nothing.execution).toBeUndefined();
});

// source: API reference, AWS IoT jobs data, errors of DescribeJobExecution and UpdateJobExecution
test('Errors arrive as the exceptions of the data plane', async () => {
  const { thingName, jobId } = await thingWithJob();
  const update = (more: object) =>
    jobs.send(new UpdateJobExecutionCommand({ thingName, jobId, status: 'FAILED', ...more }));
  await expect(update({ jobId: 'none' })).rejects.toBeInstanceOf(ResourceNotFoundException);
  await expect(update({ status: 'QUEUED' })).rejects.toBeInstanceOf(InvalidRequestException);
  await expect(update({ stepTimeoutInMinutes: 0 })).rejects.toBeInstanceOf(InvalidRequestException);
  await expect(update({ statusDetails: { 'a b': 'x' } })).rejects.toBeInstanceOf(InvalidRequestException);
  await update({});
  await expect(update({})).rejects.toBeInstanceOf(InvalidStateTransitionException);
  await expect(jobs.send(new DescribeJobExecutionCommand({ thingName, jobId }))).rejects.toBeInstanceOf(
    TerminalStateException,
  );
});

// assumed: the API reference names no exception for a version that does not match; a conflict with the state is the nearest
test('A version that does not match is refused over HTTP with InvalidStateTransitionException', async () => {
  const { thingName, jobId } = await thingWithJob();
  const update = new UpdateJobExecutionCommand({ thingName, jobId, status: 'IN_PROGRESS', expectedVersion: 5 });
  await expect(jobs.send(update)).rejects.toBeInstanceOf(InvalidStateTransitionException);
});

// source: developer guide, iam-policy-users-jobs, "IAM policies on the data plane"
test('An IAM role needs the iotjobsdata: action on the thing', async () => {
  const { thingName } = await thingWithJob();
  const other = await thingWithJob();
  const trust = { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' };
  await call('iam', 'CreateRole', {
    RoleName: 'reader',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: trust }),
  });
  const allowed = {
    Effect: 'Allow',
    Action: 'iotjobsdata:GetPendingJobExecutions',
    Resource: `${ARN}thing/${thingName}`,
  };
  await call('iam', 'PutRolePolicy', {
    RoleName: 'reader',
    PolicyName: 'own',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: allowed }),
  });
  const { ports } = https.cloud;
  const session = ports.get('authorizer').assumeRole(ADMINISTRATOR, 'arn:aws:iam::123456789012:role/reader', 'test');
  const credentials: Credentials = ports.get('credentials').issue(session, 3_600_000);
  const reader = new IoTJobsDataPlaneClient(https.client(credentials));
  const pending = await reader.send(new GetPendingJobExecutionsCommand({ thingName }));
  expect(pending.queuedJobs).toHaveLength(1);
  for (const command of [
    new GetPendingJobExecutionsCommand({ thingName: other.thingName }),
    new StartNextPendingJobExecutionCommand({ thingName }),
  ]) {
    await expect(reader.send(command as GetPendingJobExecutionsCommand)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  }
  reader.destroy();
});

// assumed: commands are not built, so they are refused by name
test('StartCommandExecution answers 501', async () => {
  const command = new StartCommandExecutionCommand({
    targetArn: `${ARN}thing/a`,
    commandArn: `${ARN}command/reboot`,
  });
  await expect(jobs.send(command)).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
});
