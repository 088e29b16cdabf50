import * as iot from '@aws-sdk/client-iot';
import * as data from '@aws-sdk/client-iot-data-plane';
import * as jobs from '@aws-sdk/client-iot-jobs-data-plane';
import type { Capture, CorpusRequest } from './capture.ts';

const NAME = 'verify';
const GONE = 'verify-gone';
const ARN = 'arn:aws:iot:us-east-1:111122223333:';
const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:none';
const CRITERIA = {
  action: 'CANCEL',
  failureType: 'FAILED',
  minNumberOfExecutedThings: 5,
  thresholdPercentage: 50,
} as const;

/** Where the things of the account are, as its ARNs say. */
export interface IotReferences {
  readonly roleArn: string;
  readonly accountId: string;
  readonly region: string;
}

/** Requests of what stands on the registry of AWS IoT, and of its data planes; the thing `verify` is there. */
export async function iotCapabilityRequests(capture: Capture, references: IotReferences): Promise<CorpusRequest[]> {
  const { settings } = capture;
  const own = `arn:aws:iot:${references.region}:${references.accountId}:`;
  const commands = [
    ...identityCommands(references.roleArn),
    ...jobCommands(own, references.roleArn),
    ...indexingCommands(),
    ...defenderCommands(own, references.roleArn),
    ...settingCommands(references.roleArn),
  ];
  return [
    ...(await capture.requests('iot', new iot.IoTClient(settings), commands)),
    ...(await capture.requests('iotdata', new data.IoTDataPlaneClient(settings), dataPlaneCommands())),
    ...(await capture.requests('iot-jobs-data', new jobs.IoTJobsDataPlaneClient(settings), jobsDataCommands())),
  ];
}

function identityCommands(roleArn: string) {
  return [
    new iot.GetRegistrationCodeCommand({}),
    new iot.RegisterCACertificateCommand({
      caCertificate: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      certificateMode: 'SNI_ONLY',
      setAsActive: true,
      allowAutoRegistration: true,
      registrationConfig: { roleArn, templateName: NAME },
    }),
    new iot.UpdateCACertificateCommand({ certificateId: 'a'.repeat(64), newStatus: 'INACTIVE' }),
    new iot.ListCACertificatesCommand({ pageSize: 5, ascendingOrder: true }),
    new iot.RegisterThingCommand({
      templateBody: '{"Resources":{"thing":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":"verify-2"}}}}',
      parameters: { a: 'b' },
    }),
    new iot.CreateAuthorizerCommand({
      authorizerName: NAME,
      authorizerFunctionArn: FUNCTION,
      signingDisabled: true,
      status: 'ACTIVE',
    }),
    new iot.UpdateAuthorizerCommand({ authorizerName: NAME, status: 'INACTIVE' }),
    new iot.DescribeAuthorizerCommand({ authorizerName: NAME }),
    new iot.ListAuthorizersCommand({ status: 'ACTIVE', pageSize: 5 }),
    new iot.TestInvokeAuthorizerCommand({
      authorizerName: NAME,
      token: 't',
      httpContext: { headers: { a: 'b' }, queryString: '?a=b' },
      mqttContext: { username: 'u', password: Buffer.from('p'), clientId: 'c' },
    }),
    new iot.TestAuthorizationCommand({
      principal: `${ARN}cert/${'a'.repeat(64)}`,
      clientId: 'c',
      authInfos: [{ actionType: 'PUBLISH', resources: [`${ARN}topic/a`] }],
    }),
    new iot.CreateDomainConfigurationCommand({
      domainConfigurationName: NAME,
      serviceType: 'DATA',
      authorizerConfig: { defaultAuthorizerName: NAME, allowAuthorizerOverride: true },
    }),
    new iot.DescribeDomainConfigurationCommand({ domainConfigurationName: NAME }),
    new iot.ListDomainConfigurationsCommand({ serviceType: 'DATA' }),
    new iot.CreateRoleAliasCommand({ roleAlias: NAME, roleArn, credentialDurationSeconds: 900 }),
    new iot.DescribeRoleAliasCommand({ roleAlias: NAME }),
    new iot.CreateBillingGroupCommand({
      billingGroupName: NAME,
      billingGroupProperties: { billingGroupDescription: 'd' },
    }),
    new iot.AddThingToBillingGroupCommand({ billingGroupName: NAME, thingName: NAME }),
    new iot.GetEffectivePoliciesCommand({ thingName: NAME }),
    new iot.CreateProvisioningClaimCommand({ templateName: NAME }),
    new iot.CreateProvisioningTemplateVersionCommand({
      templateName: NAME,
      templateBody: '{"Parameters":{},"Resources":{}}',
      setAsDefault: true,
    }),
  ];
}

function jobCommands(own: string, roleArn: string) {
  const targets = [`${own}thing/${NAME}`, `${own}thinggroup/${NAME}`];
  return [
    new iot.CreateJobCommand({
      jobId: NAME,
      targets,
      document: '{"operation":"verify","url":"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/verify/copy}"}',
      presignedUrlConfig: { roleArn, expiresInSec: 60 },
      targetSelection: 'CONTINUOUS',
      jobExecutionsRolloutConfig: {
        exponentialRate: {
          baseRatePerMinute: 5,
          incrementFactor: 1.5,
          rateIncreaseCriteria: { numberOfNotifiedThings: 2 },
        },
      },
      abortConfig: { criteriaList: [CRITERIA] },
      timeoutConfig: { inProgressTimeoutInMinutes: 5 },
      jobExecutionsRetryConfig: { criteriaList: [{ failureType: 'ALL', numberOfRetries: 2 }] },
      tags: [{ Key: 'a', Value: 'b' }],
    }),
    new iot.CreateJobCommand({
      jobId: 'verify-window',
      targets,
      document: '{}',
      targetSelection: 'CONTINUOUS',
      schedulingConfig: { maintenanceWindows: [{ startTime: 'cron(0 0 18 ? * MON *)', durationInMinutes: 60 }] },
    }),
    new iot.UpdateJobCommand({ jobId: NAME, description: 'd', abortConfig: { criteriaList: [CRITERIA] } }),
    new iot.DescribeJobCommand({ jobId: NAME }),
    new iot.GetJobDocumentCommand({ jobId: NAME }),
    new iot.ListJobsCommand({ status: 'IN_PROGRESS', maxResults: 5 }),
    new iot.ListJobExecutionsForJobCommand({ jobId: NAME, maxResults: 5 }),
    new iot.ListJobExecutionsForThingCommand({ thingName: NAME, status: 'QUEUED' }),
    new iot.DescribeJobExecutionCommand({ jobId: NAME, thingName: NAME, executionNumber: 1 }),
    new iot.AssociateTargetsWithJobCommand({ jobId: NAME, targets, comment: 'c' }),
    new iot.CreateJobTemplateCommand({ jobTemplateId: NAME, description: 'd', document: '{}' }),
    new iot.ListManagedJobTemplatesCommand({ maxResults: 5 }),
    new iot.CancelJobExecutionCommand({ jobId: 'verify-window', thingName: NAME, force: true, expectedVersion: 1 }),
    new iot.CancelJobCommand({ jobId: 'verify-window', reasonCode: 'r', comment: 'c', force: true }),
    new iot.DeleteJobCommand({ jobId: GONE, force: true }),
    new iot.CreateStreamCommand({
      streamId: NAME,
      files: [{ fileId: 1, s3Location: { bucket: NAME, key: 'a/b c.txt' } }],
      roleArn,
    }),
    new iot.UpdateStreamCommand({ streamId: NAME, description: 'd' }),
    new iot.DescribeStreamCommand({ streamId: NAME }),
    new iot.ListStreamsCommand({ maxResults: 5, ascendingOrder: true }),
  ];
}

function indexingCommands() {
  const query = { queryString: '(thingName:v* OR attributes.a:[b TO c]) AND NOT attributes.n > 5' };
  return [
    new iot.UpdateIndexingConfigurationCommand({
      thingIndexingConfiguration: {
        thingIndexingMode: 'REGISTRY_AND_SHADOW',
        thingConnectivityIndexingMode: 'STATUS',
        customFields: [{ name: 'attributes.n', type: 'Number' }],
        filter: { namedShadowNames: ['s'] },
      },
      thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'ON' },
    }),
    new iot.GetIndexingConfigurationCommand({}),
    new iot.SearchIndexCommand({ indexName: 'AWS_Things', ...query, maxResults: 5 }),
    new iot.SearchIndexCommand({ queryString: 'shadow.reported.a.b:"x y" -connectivity.connected:true (a b)' }),
    new iot.GetStatisticsCommand({ ...query, aggregationField: 'attributes.n' }),
    new iot.GetPercentilesCommand({ ...query, aggregationField: 'attributes.n', percents: [1, 50, 99.9] }),
    new iot.GetCardinalityCommand({ ...query, aggregationField: 'thingName' }),
    new iot.GetBucketsAggregationCommand({
      ...query,
      aggregationField: 'registry.thingTypeName',
      bucketsAggregationType: { termsAggregation: { maxBuckets: 5 } },
    }),
    new iot.CreateDynamicThingGroupCommand({ thingGroupName: 'verify-dynamic', queryString: 'attributes.a:b' }),
    new iot.CreateFleetMetricCommand({
      metricName: NAME,
      ...query,
      aggregationType: { name: 'Statistics', values: ['sum', 'count'] },
      aggregationField: 'attributes.n',
      period: 60,
    }),
    new iot.DescribeFleetMetricCommand({ metricName: NAME }),
  ];
}

function defenderCommands(own: string, roleArn: string) {
  const behavior: iot.Behavior = {
    name: 'b',
    metric: 'aws:num-messages-sent',
    criteria: {
      comparisonOperator: 'less-than',
      value: { count: 10 },
      durationSeconds: 300,
      consecutiveDatapointsToAlarm: 1,
      consecutiveDatapointsToClear: 1,
    },
  };
  return [
    new iot.UpdateAccountAuditConfigurationCommand({
      roleArn,
      auditCheckConfigurations: { LOGGING_DISABLED_CHECK: { enabled: true } },
    }),
    new iot.StartOnDemandAuditTaskCommand({ targetCheckNames: ['LOGGING_DISABLED_CHECK'] }),
    new iot.CreateScheduledAuditCommand({
      scheduledAuditName: NAME,
      frequency: 'WEEKLY',
      dayOfWeek: 'MON',
      targetCheckNames: ['LOGGING_DISABLED_CHECK'],
    }),
    new iot.ListAuditFindingsCommand({
      checkName: 'LOGGING_DISABLED_CHECK',
      startTime: new Date(0),
      endTime: new Date(),
    }),
    new iot.CreateSecurityProfileCommand({ securityProfileName: NAME, behaviors: [behavior] }),
    new iot.AttachSecurityProfileCommand({
      securityProfileName: NAME,
      securityProfileTargetArn: `${own}all/things`,
    }),
    new iot.ValidateSecurityProfileBehaviorsCommand({
      behaviors: [
        behavior,
        {
          name: 's',
          metric: 'aws:message-byte-size',
          criteria: {
            comparisonOperator: 'less-than',
            statisticalThreshold: { statistic: 'p90' },
            durationSeconds: 300,
          },
        },
      ],
    }),
    new iot.CreateCustomMetricCommand({ metricName: NAME, metricType: 'number-list', clientRequestToken: 'a' }),
    new iot.CreateDimensionCommand({
      name: NAME,
      type: 'TOPIC_FILTER',
      stringValues: ['a/#'],
      clientRequestToken: 'a',
    }),
    new iot.ListActiveViolationsCommand({ securityProfileName: NAME }),
    new iot.CreateMitigationActionCommand({
      actionName: NAME,
      roleArn,
      actionParams: { addThingsToThingGroupParams: { thingGroupNames: [NAME] } },
    }),
    new iot.ListDetectMitigationActionsTasksCommand({ startTime: new Date(0), endTime: new Date() }),
  ];
}

function settingCommands(roleArn: string) {
  return [
    new iot.SetV2LoggingOptionsCommand({ roleArn, defaultLogLevel: 'ERROR' }),
    new iot.SetV2LoggingLevelCommand({
      logTarget: { targetType: 'THING_GROUP', targetName: NAME },
      logLevel: 'WARN',
    }),
    new iot.UpdateEventConfigurationsCommand({
      eventConfigurations: { THING: { Enabled: true }, JOB: { Enabled: true } },
    }),
    new iot.CreateTopicRuleDestinationCommand({
      destinationConfiguration: { httpUrlConfiguration: { confirmationUrl: 'https://localhost:1/none' } },
    }),
    new iot.ConfirmTopicRuleDestinationCommand({ confirmationToken: 'none' }),
    new iot.ListTopicRuleDestinationsCommand({ maxResults: 5 }),
  ];
}

function dataPlaneCommands() {
  const shadow = (value: unknown) => Buffer.from(JSON.stringify(value));
  return [
    new data.UpdateThingShadowCommand({
      thingName: NAME,
      payload: shadow({ state: { desired: { a: [1, { b: null }] }, reported: { c: 'd' } }, clientToken: 't' }),
    }),
    new data.UpdateThingShadowCommand({
      thingName: NAME,
      shadowName: 's',
      payload: shadow({ state: { reported: { n: 1 } }, version: 1 }),
    }),
    new data.GetThingShadowCommand({ thingName: NAME, shadowName: 's' }),
    new data.ListNamedShadowsForThingCommand({ thingName: NAME, pageSize: 5 }),
    new data.DeleteThingShadowCommand({ thingName: GONE }),
    new data.PublishCommand({
      topic: 'verify/b',
      qos: 0,
      retain: true,
      messageExpiry: 60,
      contentType: 'text/plain',
      userProperties: '[{"a":"b"}]',
      payload: Buffer.from('x'),
    }),
    new data.PublishCommand({
      topic: `$aws/things/${NAME}/shadow/update`,
      payload: shadow({ state: { desired: {} } }),
    }),
    new data.GetRetainedMessageCommand({ topic: 'verify/b' }),
    new data.ListRetainedMessagesCommand({ maxResults: 5 }),
    new data.DeleteConnectionCommand({ clientId: GONE, cleanSession: true }),
  ];
}

function jobsDataCommands() {
  return [
    new jobs.GetPendingJobExecutionsCommand({ thingName: NAME }),
    new jobs.StartNextPendingJobExecutionCommand({
      thingName: NAME,
      statusDetails: { step: 'one' },
      stepTimeoutInMinutes: 5,
    }),
    new jobs.DescribeJobExecutionCommand({ thingName: NAME, jobId: '$next', includeJobDocument: true }),
    new jobs.UpdateJobExecutionCommand({
      thingName: NAME,
      jobId: NAME,
      status: 'IN_PROGRESS',
      statusDetails: { progress: '50%' },
      expectedVersion: 2,
      includeJobExecutionState: true,
    }),
  ];
}
