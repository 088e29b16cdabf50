import { type JobsProbe, startJobs } from '../../local-cloud/src/services/iot/jobs/testing/jobs-probe.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012:';

let probe: JobsProbe;

beforeEach(async () => {
  probe = await startJobs();
  await probe.things(['a']);
});

afterEach(() => probe.cloud.close());

const template = (more: object = {}) =>
  probe.call('CreateJobTemplate', {
    jobTemplateId: 'template',
    description: 'Reboots',
    document: '{"operation":"reboot"}',
    timeoutConfig: { inProgressTimeoutInMinutes: 5 },
    ...more,
  });

// source: developer guide, job-templates-cli
test('A job template is created, described, listed and deleted', async () => {
  expect(await template()).toEqual({ jobTemplateArn: `${ARN}jobtemplate/template`, jobTemplateId: 'template' });
  const summary = {
    jobTemplateArn: `${ARN}jobtemplate/template`,
    jobTemplateId: 'template',
    description: 'Reboots',
    createdAt: new Date(Date.UTC(2026, 0, 1)),
  };
  expect(await probe.call('DescribeJobTemplate', { jobTemplateId: 'template' })).toEqual({
    ...summary,
    document: '{"operation":"reboot"}',
    timeoutConfig: { inProgressTimeoutInMinutes: 5 },
  });
  expect(await probe.call('ListJobTemplates')).toMatchObject({ jobTemplates: [summary] });
  await expect(template()).rejects.toMatchObject({
    code: 'ConflictException',
    statusCode: 409,
    fields: { resourceId: 'template' },
  });
  await probe.call('DeleteJobTemplate', { jobTemplateId: 'template' });
  await expect(probe.call('DescribeJobTemplate', { jobTemplateId: 'template' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

// source: developer guide, job-templates-cli ("You can override advanced configurations, such as timeout …")
test('A job from a template takes its document and settings, and may override the settings', async () => {
  await template({ jobExecutionsRolloutConfig: { maximumPerMinute: 7 } });
  const jobTemplateArn = `${ARN}jobtemplate/template`;
  await probe.call('CreateJob', {
    jobId: 'job',
    targets: [probe.thingArn('a')],
    jobTemplateArn,
    timeoutConfig: { inProgressTimeoutInMinutes: 9 },
  });
  const { job } = await probe.call<{ job: object }>('DescribeJob', { jobId: 'job' });
  expect(job).toMatchObject({
    jobTemplateArn,
    jobExecutionsRolloutConfig: { maximumPerMinute: 7 },
    timeoutConfig: { inProgressTimeoutInMinutes: 9 },
  });
  expect((await probe.ask('a', 'start-next')).body.execution).toMatchObject({ jobDocument: { operation: 'reboot' } });
});

// source: API reference, CreateJobTemplate (jobArn)
test('A template can be made of a job', async () => {
  await probe.createJob('job', [probe.thingArn('a')], { timeoutConfig: { inProgressTimeoutInMinutes: 3 } });
  await template({ document: undefined, timeoutConfig: undefined, jobArn: `${ARN}job/job` });
  expect(await probe.call('DescribeJobTemplate', { jobTemplateId: 'template' })).toMatchObject({
    document: '{"operation":"test"}',
    timeoutConfig: { inProgressTimeoutInMinutes: 3 },
  });
});

// source: developer guide, job-template-manage-cli-create (the answer is the guide's)
test('The managed template AWS-Download-File is described as in the guide', async () => {
  const described = await probe.call<{ documentParameters: object[] }>('DescribeManagedJobTemplate', {
    templateName: 'AWS-Download-File',
  });
  expect(described).toMatchObject({
    templateName: 'AWS-Download-File',
    templateArn: 'arn:aws:iot:us-east-1::jobtemplate/AWS-Download-File:1.0',
    description: 'A managed job template for downloading a file.',
    templateVersion: '1.0',
    environments: ['LINUX'],
    document:
      '{"version":"1.0","steps":[{"action":{"name":"Download-File","type":"runHandler","input":{"handler":"download-file.sh","args":["${aws:iot:parameter:downloadUrl}","${aws:iot:parameter:filePath}"],"path":"${aws:iot:parameter:pathToHandler}"},"runAsUser":"${aws:iot:parameter:runAsUser}"}}]}',
  });
  expect(described.documentParameters).toHaveLength(4);
});

// source: developer guide, job-template-manage-cli-create, "Create a job by using managed templates"
describe('A job from the managed template AWS-Download-File', () => {
  const create = (documentParameters: object, more: object = {}) =>
    probe.call('CreateJob', {
      jobId: 'new-managed-template-job',
      targets: [probe.thingArn('a')],
      jobTemplateArn: 'arn:aws:iot:us-east-1::jobtemplate/AWS-Download-File:1.0',
      documentParameters,
      ...more,
    });
  const values = { downloadUrl: 'https://example.com/index.html', filePath: 'path/to/"file"' };

  test('has its description, and its parameters filled into the document', async () => {
    expect(await create(values)).toMatchObject({ description: 'A managed job template for downloading a file.' });
    const { body } = await probe.ask('a', 'start-next');
    expect(body.execution).toMatchObject({
      jobDocument: {
        version: '1.0',
        steps: [
          {
            action: {
              name: 'Download-File',
              input: { handler: 'download-file.sh', args: [values.downloadUrl, values.filePath], path: '' },
              runAsUser: '',
            },
          },
        ],
      },
    });
    const jobId = 'new-managed-template-job';
    expect(await probe.call('DescribeJob', { jobId })).toMatchObject({ job: { documentParameters: values } });
    const before = await probe.call<{ document: string }>('GetJobDocument', { jobId, beforeSubstitution: true });
    expect(before.document).toContain('${aws:iot:parameter:downloadUrl}');
    const after = await probe.call<{ document: string }>('GetJobDocument', { jobId });
    expect(after.document).toContain(values.downloadUrl);
  });

  test('needs its required parameters and takes no others', async () => {
    const refused = { code: 'InvalidRequestException' };
    await expect(create({ downloadUrl: 'https://example.com' })).rejects.toMatchObject(refused);
    await expect(create({ ...values, color: 'red' })).rejects.toMatchObject(refused);
    await expect(create(values, { document: '{}' })).rejects.toMatchObject(refused);
  });
});

// assumed: the guide lists and describes the other managed templates in part only, so they are refused by name
test.each([
  ['ListManagedJobTemplates', {}],
  ['DescribeManagedJobTemplate', { templateName: 'AWS-Run-Command' }],
])('%s answers 501 to %j', async (operation, input) => {
  await expect(probe.call(operation, input)).rejects.toMatchObject({ code: 'NotImplemented', statusCode: 501 });
});

// source: AWS CloudFormation template reference, AWS::IoT::JobTemplate
describe('AWS::IoT::JobTemplate', () => {
  const provider = () => {
    const found = probe.plugin.resources?.find(({ type }) => type === 'AWS::IoT::JobTemplate');
    if (found === undefined) throw new Error('the type is not there');
    return found;
  };

  test('makes a template with the configurations of its properties, and takes it away', async () => {
    const properties = {
      JobTemplateId: 'stacked',
      Description: 'From a stack',
      Document: '{"operation":"reboot"}',
      JobExecutionsRolloutConfig: {
        ExponentialRolloutRate: {
          BaseRatePerMinute: '50',
          IncrementFactor: 1.5,
          RateIncreaseCriteria: { NumberOfSucceededThings: 10 },
        },
        MaximumPerMinute: 500,
      },
      AbortConfig: {
        CriteriaList: [
          { Action: 'CANCEL', FailureType: 'FAILED', MinNumberOfExecutedThings: 10, ThresholdPercentage: 20 },
        ],
      },
      TimeoutConfig: { InProgressTimeoutInMinutes: 30 },
      JobExecutionsRetryConfig: { RetryCriteriaList: [{ FailureType: 'TIMED_OUT', NumberOfRetries: 2 }] },
      MaintenanceWindows: [{ StartTime: 'cron(0 18 ? * MON *)', DurationInMinutes: 60 }],
      Tags: [{ Key: 'team', Value: 'field' }],
    };
    const state = await provider().create(properties, testScope());
    expect(state).toEqual({ physicalId: 'stacked', attributes: { Arn: `${ARN}jobtemplate/stacked` } });
    expect(await probe.call('DescribeJobTemplate', { jobTemplateId: 'stacked' })).toMatchObject({
      description: 'From a stack',
      jobExecutionsRolloutConfig: {
        exponentialRate: {
          baseRatePerMinute: 50,
          incrementFactor: 1.5,
          rateIncreaseCriteria: { numberOfSucceededThings: 10 },
        },
        maximumPerMinute: 500,
      },
      abortConfig: {
        criteriaList: [
          { action: 'CANCEL', failureType: 'FAILED', minNumberOfExecutedThings: 10, thresholdPercentage: 20 },
        ],
      },
      timeoutConfig: { inProgressTimeoutInMinutes: 30 },
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'TIMED_OUT', numberOfRetries: 2 }] },
      maintenanceWindows: [{ startTime: 'cron(0 18 ? * MON *)', durationInMinutes: 60 }],
    });
    expect(await probe.call('ListTagsForResource', { resourceArn: `${ARN}jobtemplate/stacked` })).toEqual({
      tags: [{ Key: 'team', Value: 'field' }],
    });
    await provider().delete(state, properties, testScope());
    await provider().delete(state, properties, testScope());
    expect(await probe.call('ListJobTemplates')).toMatchObject({ jobTemplates: [] });
  });

  test('refuses members that its property types do not have', async () => {
    const properties = { JobTemplateId: 'x', Description: 'x', Document: '{}', TimeoutConfig: { Minutes: 3 } };
    await expect(provider().create(properties, testScope())).rejects.toThrow('Minutes');
  });
});
