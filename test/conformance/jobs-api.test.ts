import { type JobsProbe, startJobs } from '../../local-cloud/src/services/iot/jobs/testing/jobs-probe.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const NOW = new Date(Date.UTC(2026, 0, 1));
const ROLE = 'arn:aws:iam::123456789012:role/S3DownloadRole';

let probe: JobsProbe;

beforeEach(async () => {
  probe = await startJobs({ prepare: (cloud) => void cloud.use(createS3Plugin) });
  await probe.things(['a', 'b'], 'fleet');
});

afterEach(() => probe.cloud.close());

const target = () => [probe.thingArn('a')];
const create = (more: object = {}) =>
  probe.call('CreateJob', { jobId: 'job', targets: target(), document: '{"operation":"test"}', ...more });
const describeJob = async (jobId = 'job') => (await probe.call<{ job: object }>('DescribeJob', { jobId })).job;
const s3 = (operation: string, input: object) => probe.cloud.api.call(ADMINISTRATOR, 's3', operation, input);

// source: API reference, CreateJob and DescribeJob
test('A job is created and described with its configuration and counts', async () => {
  const config = {
    description: 'My job',
    jobExecutionsRolloutConfig: { maximumPerMinute: 10 },
    abortConfig: {
      criteriaList: [
        { action: 'CANCEL', failureType: 'ALL', minNumberOfExecutedThings: 1, thresholdPercentage: 99.99 },
      ],
    },
    timeoutConfig: { inProgressTimeoutInMinutes: 100 },
    jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'TIMED_OUT', numberOfRetries: 3 }] },
    presignedUrlConfig: { roleArn: ROLE },
  };
  expect(await create(config)).toEqual({ jobArn: `${ARN}job/job`, jobId: 'job', description: 'My job' });
  expect(await describeJob()).toEqual({
    jobArn: `${ARN}job/job`,
    jobId: 'job',
    status: 'IN_PROGRESS',
    targetSelection: 'SNAPSHOT',
    targets: target(),
    createdAt: NOW,
    lastUpdatedAt: NOW,
    isConcurrent: false,
    ...config,
    presignedUrlConfig: { roleArn: ROLE, expiresInSec: 3600 },
    jobProcessDetails: {
      numberOfCanceledThings: 0,
      numberOfSucceededThings: 0,
      numberOfFailedThings: 0,
      numberOfRejectedThings: 0,
      numberOfQueuedThings: 1,
      numberOfInProgressThings: 0,
      numberOfRemovedThings: 0,
      numberOfTimedOutThings: 0,
    },
  });
});

// source: API reference, CreateJob, and the types of its members
describe('CreateJob refuses with InvalidRequestException', () => {
  const rollout = (exponentialRate: object) => ({ jobExecutionsRolloutConfig: { exponentialRate } });
  const rate = { baseRatePerMinute: 1, incrementFactor: 2, rateIncreaseCriteria: { numberOfNotifiedThings: 1 } };
  const abort = (more: object) => ({
    abortConfig: {
      criteriaList: [
        { action: 'CANCEL', failureType: 'ALL', minNumberOfExecutedThings: 1, thresholdPercentage: 1, ...more },
      ],
    },
  });
  const retry = (...criteriaList: object[]) => ({ jobExecutionsRetryConfig: { criteriaList } });
  test.each<[string, object]>([
    ['an id with other characters', { jobId: 'a b' }],
    ['an id of more than 64 characters', { jobId: 'x'.repeat(65) }],
    ['no targets', { targets: [] }],
    ['a target that is no thing or group', { targets: [`${ARN}policy/a`] }],
    ['more than 100 targets', { targets: Array.from({ length: 101 }, (_, i) => `${ARN}thing/t${i}`) }],
    ['neither document nor source', { document: undefined }],
    ['both document and source', { documentSource: 'https://s3.amazonaws.com/jobs/document.json' }],
    ['a document that is not JSON', { document: 'reboot' }],
    ['a document of more than 32 KB', { document: JSON.stringify('x'.repeat(32_767)) }],
    ['a source that is no S3 URL', { document: undefined, documentSource: 'https://example.com/a/b' }],
    ['URLs that live under a minute', { presignedUrlConfig: { roleArn: ROLE, expiresInSec: 59 } }],
    ['URLs that live over an hour', { presignedUrlConfig: { roleArn: ROLE, expiresInSec: 3601 } }],
    ['more than 1000 things a minute', { jobExecutionsRolloutConfig: { maximumPerMinute: 1001 } }],
    ['an increment factor above 5', rollout({ ...rate, incrementFactor: 5.1 })],
    ['an increment factor below 1.1', rollout({ ...rate, incrementFactor: 1 })],
    ['an increment factor with two decimals', rollout({ ...rate, incrementFactor: 1.55 })],
    ['a rate that is never increased', rollout({ ...rate, rateIncreaseCriteria: {} })],
    ['another abort action', abort({ action: 'STOP' })],
    ['an abort threshold above 100', abort({ thresholdPercentage: 101 })],
    ['an abort threshold with three decimals', abort({ thresholdPercentage: 10.999 })],
    ['a timeout of more than seven days', { timeoutConfig: { inProgressTimeoutInMinutes: 10_081 } }],
    ['a timeout under a minute', { timeoutConfig: { inProgressTimeoutInMinutes: 0 } }],
    ['more than ten retries', retry({ failureType: 'FAILED', numberOfRetries: 11 })],
    ['retries of timeouts without a timeout', retry({ failureType: 'TIMED_OUT', numberOfRetries: 1 })],
    [
      'more than ten retries in all',
      {
        timeoutConfig: { inProgressTimeoutInMinutes: 1 },
        ...retry({ failureType: 'FAILED', numberOfRetries: 6 }, { failureType: 'TIMED_OUT', numberOfRetries: 5 }),
      },
    ],
    ['a start in less than thirty minutes', { schedulingConfig: { startTime: '2026-01-01 00:29' } }],
    ['a start in more than a year', { schedulingConfig: { startTime: '2027-01-02 00:00' } }],
    [
      'an end thirty minutes too soon',
      { schedulingConfig: { startTime: '2026-01-01 01:00', endTime: '2026-01-01 01:29' } },
    ],
    ['an end in more than two years', { schedulingConfig: { endTime: '2028-01-02 00:00' } }],
    ['a time of another form', { schedulingConfig: { startTime: 'tomorrow' } }],
    [
      'a window that is no cron expression',
      { schedulingConfig: { maintenanceWindows: [{ startTime: '18:00', durationInMinutes: 1 }] } },
    ],
    [
      'a window of more than 1430 minutes',
      { schedulingConfig: { maintenanceWindows: [{ startTime: 'cron(0 18 ? * * *)', durationInMinutes: 1431 }] } },
    ],
    ['parameters without a managed template', { documentParameters: { a: 'b' } }],
  ])('%s', async (_what, more) => {
    await expect(create(more)).rejects.toMatchObject({ code: 'InvalidRequestException', statusCode: 400 });
    expect(await probe.call('ListJobs')).toMatchObject({ jobs: [] });
  });
});

// assumed: AWS does not say what becomes of these; a job that could not be sent, or a value without effect, is refused
describe('CreateJob refuses, too,', () => {
  test.each<[string, object]>([
    [
      'a presigned URL without configuration',
      { document: `"\${aws:iot:s3-presigned-url:https://s3.amazonaws.com/b/k}"` },
    ],
    ['an end behavior without an end', { schedulingConfig: { endBehavior: 'CANCEL' } }],
  ])('%s', async (_what, more) => {
    await expect(create(more)).rejects.toMatchObject({ code: 'InvalidRequestException', statusCode: 400 });
  });
});

// source: API reference, CreateJob (errors)
test('CreateJob answers ResourceNotFound for an unknown target and ResourceAlreadyExists for a known id', async () => {
  await expect(create({ targets: [`${ARN}thing/none`] })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  await create();
  await expect(create()).rejects.toMatchObject({
    code: 'ResourceAlreadyExistsException',
    statusCode: 409,
    fields: { resourceArn: `${ARN}job/job`, resourceId: 'job' },
  });
});

// assumed: what is not built is refused by name, rather than done in part
test.each<[string, object]>([
  ['namespaces', { namespaceId: 'greengrass' }],
  ['package versions', { destinationPackageVersions: [`${ARN}package/a/version/1`] }],
  [
    'managed templates that are not documented in full',
    { document: undefined, jobTemplateArn: 'arn:aws:iot:us-east-1::jobtemplate/AWS-Run-Command:1.0' },
  ],
  ['signatures in documents', { document: `"\${aws:iot:code-sign-signature:s3://us-east-1.b/k@v}"` }],
  ['parameters in documents', { document: `"\${aws:iot:parameter:name}"` }],
])('CreateJob answers 501 to %s', async (_what, more) => {
  await expect(create(more)).rejects.toMatchObject({ code: 'NotImplemented', statusCode: 501 });
});

// assumed: the Service Authorization Reference names the types job, thing and thinggroup, not that each target is asked for
test('CreateJob needs its action on the job and on each target, and the right to pass the role', async () => {
  probe.cloud.asked.splice(0);
  await create({ targets: [probe.thingArn('a'), probe.groupArn('fleet')], presignedUrlConfig: { roleArn: ROLE } });
  expect(probe.cloud.asked).toEqual([
    { action: 'iot:CreateJob', resource: `${ARN}job/job` },
    { action: 'iot:CreateJob', resource: probe.thingArn('a') },
    { action: 'iot:CreateJob', resource: probe.groupArn('fleet') },
    { action: 'iam:PassRole', resource: ROLE, conditions: { 'iam:PassedToService': 'iot.amazonaws.com' } },
  ]);
});

// source: developer guide, manage-job-cli ("retrieved at the time you create the job")
test('A document from Amazon S3 is read when the job is created', async () => {
  await s3('CreateBucket', { Bucket: 'jobs' });
  await s3('PutObject', { Bucket: 'jobs', Key: 'document.json', Body: Buffer.from('{"version":1}') });
  const documentSource = 'https://s3.us-east-1.amazonaws.com/jobs/document.json';
  await create({ document: undefined, documentSource });
  await s3('PutObject', { Bucket: 'jobs', Key: 'document.json', Body: Buffer.from('{"version":2}') });
  expect(await probe.call('GetJobDocument', { jobId: 'job' })).toEqual({ document: '{"version":1}' });
  expect(await probe.call('DescribeJob', { jobId: 'job' })).toMatchObject({ documentSource });
});

// assumed: the guide does not say whose permissions read the document; the caller's are asked for
test('A document from Amazon S3 that the caller may not read is refused', async () => {
  await s3('CreateBucket', { Bucket: 'jobs' });
  await s3('PutObject', { Bucket: 'jobs', Key: 'document.json', Body: Buffer.from('{}') });
  probe.cloud.denied.add('s3:GetObject');
  const documentSource = 'https://s3.us-east-1.amazonaws.com/jobs/document.json';
  await expect(create({ document: undefined, documentSource })).rejects.toMatchObject({
    code: 'InvalidRequestException',
  });
});

// source: developer guide, manage-job-cli, "Cancel a job"
test('CancelJob ends queued executions, with force also those in progress, and keeps comment and reason', async () => {
  await create({ jobId: 'one', targets: [probe.groupArn('fleet')] });
  await create({ jobId: 'two', targets: [probe.groupArn('fleet')] });
  for (const id of ['one', 'two']) await probe.ask('a', `${id}/update`, { status: 'IN_PROGRESS' });
  await probe.call('CancelJob', { jobId: 'one', comment: 'why', reasonCode: 'WRONG_FILE' });
  expect(await describeJob('one')).toMatchObject({ status: 'CANCELED', comment: 'why', reasonCode: 'WRONG_FILE' });
  expect([await probe.executionStatus('one', 'a'), await probe.executionStatus('one', 'b')]).toEqual([
    'IN_PROGRESS',
    'CANCELED',
  ]);
  await probe.call('CancelJob', { jobId: 'two', force: true });
  expect(await describeJob('two')).toMatchObject({ status: 'CANCELED', forceCanceled: true });
  expect(await probe.executionStatus('two', 'a')).toBe('CANCELED');
});

// assumed: AWS does not say which error a job that is over answers to a change
test('A job that is over is neither canceled nor updated', async () => {
  await create();
  await probe.ask('a', 'job/update', { status: 'SUCCEEDED' });
  for (const operation of ['CancelJob', 'UpdateJob']) {
    await expect(probe.call(operation, { jobId: 'job' })).rejects.toMatchObject({ code: 'InvalidRequestException' });
  }
});

// source: API reference, CancelJobExecution
test('CancelJobExecution minds state and version', async () => {
  await create();
  const cancel = (more: object = {}) => probe.call('CancelJobExecution', { jobId: 'job', thingName: 'a', ...more });
  await probe.ask('a', 'job/update', { status: 'IN_PROGRESS' });
  await expect(cancel({ expectedVersion: 1 })).rejects.toMatchObject({ code: 'VersionConflictException' });
  await expect(cancel()).rejects.toMatchObject({ code: 'InvalidStateTransitionException', statusCode: 409 });
  await cancel({ force: true, expectedVersion: 2, statusDetails: { by: 'operator' } });
  expect(await probe.call('DescribeJobExecution', { jobId: 'job', thingName: 'a' })).toEqual({
    execution: {
      jobId: 'job',
      status: 'CANCELED',
      forceCanceled: true,
      statusDetails: { detailsMap: { by: 'operator' } },
      thingArn: probe.thingArn('a'),
      queuedAt: NOW,
      startedAt: NOW,
      lastUpdatedAt: NOW,
      executionNumber: 1,
      versionNumber: 3,
    },
  });
  await expect(cancel({ force: true })).rejects.toMatchObject({ code: 'InvalidStateTransitionException' });
  expect(await describeJob()).toMatchObject({ status: 'COMPLETED' });
});

// source: API reference, DeleteJob and DeleteJobExecution
test('Jobs and executions that have not ended are deleted by force alone', async () => {
  await create();
  await expect(probe.call('DeleteJob', { jobId: 'job' })).rejects.toMatchObject({
    code: 'InvalidStateTransitionException',
  });
  const execution = { jobId: 'job', thingName: 'a', executionNumber: 1 };
  await expect(probe.call('DeleteJobExecution', execution)).rejects.toMatchObject({
    code: 'InvalidStateTransitionException',
  });
  await probe.call('DeleteJobExecution', { ...execution, force: true });
  await expect(probe.executionStatus('job', 'a')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  await probe.call('DeleteJob', { jobId: 'job', force: true });
  await expect(describeJob()).rejects.toMatchObject({ code: 'ResourceNotFoundException', statusCode: 404 });
  await create();
  expect(await probe.executionStatus('job', 'a')).toBe('QUEUED');
});

// source: API reference, UpdateJob; developer guide, job-configurations-api and jobs-configurations-details
test('UpdateJob changes what it may: not a timer that has started, nor the number of retries but to 0', async () => {
  await create({ jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries: 3 }] } });
  const update = (more: object) => probe.call('UpdateJob', { jobId: 'job', ...more });
  await update({ description: 'new', timeoutConfig: { inProgressTimeoutInMinutes: 5 } });
  expect(await describeJob()).toMatchObject({ description: 'new', timeoutConfig: { inProgressTimeoutInMinutes: 5 } });
  await probe.ask('a', 'job/update', { status: 'IN_PROGRESS' });
  const refused = { code: 'InvalidRequestException' };
  await expect(update({ timeoutConfig: { inProgressTimeoutInMinutes: 6 } })).rejects.toMatchObject(refused);
  const retries = (numberOfRetries: number) => ({
    jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'FAILED', numberOfRetries }] },
  });
  await expect(update(retries(2))).rejects.toMatchObject(refused);
  await update(retries(0));
  await probe.ask('a', 'job/update', { status: 'FAILED' });
  expect(await describeJob()).toMatchObject({ status: 'COMPLETED' });
});

// source: API reference, ListJobs, ListJobExecutionsForJob and ListJobExecutionsForThing
describe('Listings', () => {
  const ids = async (input: object) =>
    (await probe.call<{ jobs: { jobId: string }[] }>('ListJobs', input)).jobs.map(({ jobId }) => jobId);

  beforeEach(async () => {
    await create({ jobId: 'one' });
    await probe.cloud.clock.advance(1000);
    await create({ jobId: 'two', targets: [probe.groupArn('fleet')], targetSelection: 'CONTINUOUS' });
    await probe.ask('a', 'one/update', { status: 'SUCCEEDED' });
  });

  test('of jobs filter by status, selection and group, and page', async () => {
    expect(await ids({})).toEqual(['two', 'one']);
    expect(await ids({ status: 'COMPLETED' })).toEqual(['one']);
    expect(await ids({ targetSelection: 'CONTINUOUS' })).toEqual(['two']);
    expect(await ids({ thingGroupName: 'fleet' })).toEqual(['two']);
    const page = await probe.call<{ nextToken: string }>('ListJobs', { maxResults: 1 });
    expect(await ids({ maxResults: 1, nextToken: page.nextToken })).toEqual(['one']);
  });

  test('of executions filter by status and job', async () => {
    const ofJob = await probe.call('ListJobExecutionsForJob', { jobId: 'two', status: 'QUEUED', maxResults: 1 });
    expect(ofJob).toMatchObject({
      executionSummaries: [
        { thingArn: probe.thingArn('a'), jobExecutionSummary: { status: 'QUEUED', executionNumber: 1 } },
      ],
      nextToken: expect.any(String),
    });
    const ofThing = (more: object = {}) =>
      probe.call<{ executionSummaries: { jobId: string }[] }>('ListJobExecutionsForThing', { thingName: 'a', ...more });
    expect((await ofThing()).executionSummaries.map(({ jobId }) => jobId)).toEqual(['two', 'one']);
    expect((await ofThing({ status: 'SUCCEEDED' })).executionSummaries).toMatchObject([{ jobId: 'one' }]);
    expect((await ofThing({ jobId: 'two' })).executionSummaries).toMatchObject([{ jobId: 'two' }]);
  });
});

// source: developer guide, tagging-iot
test('A job can be tagged', async () => {
  await create({ tags: [{ Key: 'team', Value: 'field' }] });
  const resourceArn = `${ARN}job/job`;
  await probe.call('TagResource', { resourceArn, tags: [{ Key: 'stage', Value: 'dev' }] });
  expect(await probe.call('ListTagsForResource', { resourceArn })).toEqual({
    tags: [
      { Key: 'team', Value: 'field' },
      { Key: 'stage', Value: 'dev' },
    ],
  });
  await probe.call('DeleteJob', { jobId: 'job', force: true });
  await expect(probe.call('ListTagsForResource', { resourceArn })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});
